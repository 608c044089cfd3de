/**
 * The desk's entry in each program's own file: exact text, merges that change nothing else, and files that are left
 * alone.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  linkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CLIENTS,
  type Client,
  type DeskEntry,
  clientCommand,
  clientConfig,
  prepareClientFile,
} from "../../src/workspace/client-config.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const ENTRY: DeskEntry = {
  stdio: undefined,
  url: "http://127.0.0.1:7070/mcp",
  root: "/home/me/my desk",
  token: `qoc_${"a1".repeat(32)}`,
};
const STDIO: DeskEntry = {
  ...ENTRY,
  stdio: {
    command: "/usr/bin/node",
    args: ["/opt/qoc/bin/qoc.mjs", "mcp", "-C", ENTRY.root],
    env: { XDG_RUNTIME_DIR: "/run/user/1" },
  },
};
const PROGRAM = { command: STDIO.stdio?.command, args: STDIO.stdio?.args };
const ENV = { XDG_RUNTIME_DIR: "/run/user/1", QOC_TOKEN: ENTRY.token };
const HEADERS = { Authorization: `Bearer ${ENTRY.token}` };

describe("the entry", () => {
  it.each<[Client, string, object]>([
    ["claude", ".mcp.json", { mcpServers: { qoc: { type: "http", url: ENTRY.url, headers: HEADERS } } }],
    [
      "opencode",
      "opencode.json",
      { mcp: { qoc: { type: "remote", url: ENTRY.url, headers: HEADERS, oauth: false, enabled: true } } },
    ],
    ["gemini", ".gemini/settings.json", { mcpServers: { qoc: { httpUrl: ENTRY.url, headers: HEADERS } } }],
  ])("the entry of %s is JSON in %s", (client, file, whole) => {
    const config = clientConfig(client);
    expect(config.file).toBe(file);
    expect(config.render(ENTRY)).toBe(`${JSON.stringify(whole, null, 2)}\n`);
  });

  it.each<[Client, object]>([
    ["claude", { mcpServers: { qoc: { type: "stdio", ...PROGRAM, env: ENV } } }],
    [
      "opencode",
      {
        mcp: {
          qoc: {
            type: "local",
            command: [PROGRAM.command, ...(PROGRAM.args ?? [])],
            environment: ENV,
            enabled: true,
          },
        },
      },
    ],
    ["gemini", { mcpServers: { qoc: { ...PROGRAM, env: ENV } } }],
  ])("the entry of %s starts qoc mcp", (client, whole) => {
    expect(clientConfig(client).render(STDIO)).toBe(`${JSON.stringify(whole, null, 2)}\n`);
  });

  it("the entry of codex that starts qoc mcp is TOML", () => {
    const odd = { ...STDIO, stdio: { command: 'a"b\\\u007f', args: [], env: {} } };
    expect(parseToml(clientConfig("codex").render(STDIO))).toEqual({
      mcp_servers: { qoc: { ...PROGRAM, env: ENV } },
    });
    expect(parseToml(clientConfig("codex").render(odd))).toMatchObject({
      mcp_servers: { qoc: { command: 'a"b\\\u007f', args: [] } },
    });
  });

  it("the entry of codex is TOML with the http_headers key", () => {
    expect(clientConfig("codex").file).toBe(".codex/config.toml");
    expect(clientConfig("codex").render(ENTRY)).toBe(
      `[mcp_servers.qoc]\nurl = "${ENTRY.url}"\nhttp_headers = { Authorization = "Bearer ${ENTRY.token}" }\n`,
    );
  });

  it("the entry is also a shell command if the client has a command for it", () => {
    expect(clientCommand("claude", ENTRY)).toBe(
      `claude mcp add --transport http qoc ${ENTRY.url} --header "Authorization: Bearer ${ENTRY.token}"`,
    );
    expect(clientCommand("claude", STDIO)).toBe(
      `claude mcp add --env 'XDG_RUNTIME_DIR=/run/user/1' --env 'QOC_TOKEN=${ENTRY.token}' --transport stdio qoc -- /usr/bin/node /opt/qoc/bin/qoc.mjs mcp -C '/home/me/my desk'`,
    );
    expect(clientCommand("gemini", ENTRY)).toBeUndefined();
  });
});

describe("an entry that joins others", () => {
  const before = '{\n\t"theme": "dark",\n\t"mcpServers": {\n\t\t"other": { "command": "x" }\n\t}\n}\n';

  it("a merged entry keeps the other entries, their order and the file's indent", () => {
    const merged = clientConfig("claude").merge(before, ENTRY);
    expect(Object.keys(JSON.parse(merged) as object)).toEqual(["theme", "mcpServers"]);
    expect(JSON.parse(merged)).toMatchObject({
      theme: "dark",
      mcpServers: { other: { command: "x" }, qoc: { url: ENTRY.url } },
    });
    expect(merged).toContain('\n\t"theme"');
  });

  it("a merged entry replaces an older entry of the same desk, and no entry of another desk", () => {
    const config = clientConfig("claude");
    const again = config.merge(config.render({ ...ENTRY, token: "qoc_old" }), ENTRY);
    expect(again).toBe(config.render(ENTRY));
    expect(config.merge(config.render(ENTRY), STDIO)).toBe(config.render(STDIO));
    expect(config.merge(config.render(STDIO), STDIO)).toBe(config.render(STDIO));
    const other = config.render({ ...ENTRY, url: "http://127.0.0.1:7071/mcp" });
    expect(() => config.merge(other, ENTRY)).toThrow("another entry qoc");
    const otherProgram = { command: "node", args: ["qoc.mjs", "mcp", "-C", "/home/me/my desk 2"], env: {} };
    expect(() => config.merge(config.render({ ...STDIO, stdio: otherProgram }), STDIO)).toThrow("another entry qoc");
  });

  it("a merged entry is appended to a TOML file whose text stays unchanged", () => {
    const toml = '# mine\nmodel = "x"   # kept\n\n[mcp_servers.other]\ncommand = "y"\n';
    expect(clientConfig("codex").merge(toml, ENTRY)).toBe(`${toml}\n${clientConfig("codex").render(ENTRY)}`);
    expect(clientConfig("codex").merge("", ENTRY)).toContain("[mcp_servers.qoc]");
  });

  it.each<[Client, string]>([
    ["claude", "{ // mine\n}"],
    ["claude", "[]"],
    ["claude", '"x"'],
    ["claude", '{"mcpServers": []}'],
    ["opencode", '{"mcp": {"qoc": {"command": "x"}}}'],
    ["gemini", '{"mcpServers": null'],
    ["codex", "model = "],
    ["codex", '[mcp_servers.qoc]\nurl = "http://127.0.0.1:7070/mcp"\n'],
    ["codex", 'mcp_servers = { other = { command = "y" } }\n'],
    ["codex", 'mcp_servers = "x"\n'],
  ])("no entry is merged into an unusable %s file: %s", (client, existing) => {
    expect(() => clientConfig(client).merge(existing, ENTRY)).toThrow();
  });
});

describe("the file", () => {
  let folder: string;
  const disk = nodeDisk();
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "qoc-client-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const put = async (client: Client, to: string): Promise<string> => {
    const prepared = await prepareClientFile(disk, { client, entry: ENTRY, to });
    await prepared.write();
    return prepared.path;
  };

  it.each(CLIENTS)("the file of %s is created in the folder with mode 0600", async (client) => {
    const path = await put(client, folder);
    expect(path).toBe(join(folder, clientConfig(client).file));
    expect(readFileSync(path, "utf8")).toBe(clientConfig(client).render(ENTRY));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("an existing file can be named, and its other keys stay", async () => {
    const path = join(folder, "mine.json");
    writeFileSync(path, '{"a": 1}');
    expect(await put("claude", path)).toBe(path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ a: 1, mcpServers: { qoc: {} } });
  });

  it.each<[string, () => string]>([
    ["in a desk's folder", () => (writeFileSync(join(folder, "desk.toml"), ""), folder)],
    [
      "below a desk's folder, behind a link",
      () => {
        mkdirSync(join(folder, "desk/research"), { recursive: true });
        writeFileSync(join(folder, "desk/desk.toml"), "");
        symlinkSync(join(folder, "desk/research"), join(folder, "link"));
        return join(folder, "link");
      },
    ],
    ["in a folder that is not there", () => join(folder, "nowhere")],
    ["in a folder that is a file", () => (writeFileSync(join(folder, "plain"), ""), join(folder, "plain"))],
    [
      "that is a link",
      () => (writeFileSync(join(folder, "x"), "{}"), symlinkSync("x", join(folder, ".mcp.json")), folder),
    ],
    [
      "that has a second name",
      () => (writeFileSync(join(folder, "x"), "{}"), linkSync(join(folder, "x"), join(folder, ".mcp.json")), folder),
    ],
    ["that cannot be understood", () => (writeFileSync(join(folder, ".mcp.json"), "// mine\n{}"), folder)],
  ])("a client file %s is refused, and nothing is written", async (_what, to) => {
    await expect(prepareClientFile(disk, { client: "claude", entry: ENTRY, to: to() })).rejects.toMatchObject({
      code: "CLIENT_FILE_REFUSED",
    });
  });
});
