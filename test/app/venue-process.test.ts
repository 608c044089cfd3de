/** The process of an author's fake venue: hooks return values and errors, and the process has no more than it needs. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { processSandboxFinder } from "../../src/app/find-process-sandbox.ts";
import { systemClock } from "../../src/app/system.ts";
import { filesBeside } from "../../src/app/venue-files.ts";
import { startVenueProcess } from "../../src/app/venue-process.ts";
import type { VenueProcess } from "../../src/conformance/venue/venue-hooks.ts";
import { bundleProgram } from "../../src/host/bundle-program.ts";
import { type ProcessSandbox, plainProcesses } from "../../src/host/process-sandbox.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const VICTIM = join(mkdtempSync(join(tmpdir(), "qoc-operator-")), "file");
writeFileSync(VICTIM, "the operator's");
const open: VenueProcess[] = [];
afterEach(async () => {
  for (const venue of open.splice(0)) await venue.close();
});

const PLAIN = plainProcesses(process.execPath, "a test");
const findSandbox = processSandboxFinder(process.env["PATH"] ?? "", systemClock);

async function run(source: string, sandbox: ProcessSandbox = PLAIN): Promise<VenueProcess> {
  const file = join(mkdtempSync(join(tmpdir(), "qoc-venue-")), "fake.ts");
  writeFileSync(file, source);
  writeFileSync(join(file, "../data.txt"), "recorded");
  for (const [name, target] of [
    ["link", "/etc"],
    ["link.txt", "/etc/hostname"],
    // Node writes traces into a file of this name in the current folder.
    ["node_trace.1.log", VICTIM],
  ] as const)
    symlinkSync(target, join(file, "..", name));
  const packageFolders = [`${ROOT}/node_modules`];
  const program = await bundleProgram({ connector: "my-venue", file, disk: nodeDisk(), packageFolders });
  const readable = await filesBeside(nodeDisk(), file);
  const folder = mkdtempSync(join(tmpdir(), "qoc-empty-"));
  const venue = startVenueProcess({ sandbox, folder, file, program, readable, clock: systemClock });
  open.push(venue);
  return venue;
}

describe("the program of a fake venue", () => {
  const folder = mkdtempSync(join(tmpdir(), "qoc-elsewhere-"));
  writeFileSync(join(folder, "creds.json"), '{"token":"canary"}');
  writeFileSync(join(folder, "id_ed25519"), "canary");
  writeFileSync(join(folder, "settings.js"), 'module.exports = "canary"');

  it.each([
    ["JSON", `import key from "${folder}/creds.json"; export default { start: () => key };`],
    ["text", `import key from "${folder}/id_ed25519" with { type: "text" }; export default { start: () => key };`],
    ["bytes", `import key from "${folder}/id_ed25519" with { type: "bytes" }; export default { start: () => key };`],
    ["code", `import key from "${folder}/settings.js"; export default { start: () => key };`],
    [
      "code as text",
      `import key from "${folder}/settings.js" with { type: "text" }; export default { start: () => key };`,
    ],
    ["a pattern", `export default { start: (name) => import(\`../${basename(folder)}/\${name}.json\`) };`],
    ["a link", 'import key from "./link.txt"; export default { start: () => key };'],
    ["itself as text", 'import key from "./fake.ts" with { type: "text" }; export default { start: () => key };'],
  ])("contains no file of elsewhere: %s", async (_name, source) => {
    await expect(run(source)).rejects.toThrow(/is not a file that .*fake\.ts may import/);
  });

  it("contains code and data of its folder", async () => {
    const venue = await run('import text from "./data.txt"; export default { start: () => text };');
    expect(await venue.call("start")).toBe("recorded");
  });
});

describe("the process of a fake venue", () => {
  it.each([
    ["in the sandbox", findSandbox],
    ["without a sandbox", () => Promise.resolve(PLAIN)],
  ])("runs hooks %s, with Node's modules, Qoc's packages and the files beside the module", async (_how, find) => {
    const source = `
      import { createServer } from "node:http";
      import { readFileSync } from "node:fs";
      import { basename, join } from "node:path";
      import { WebSocketServer } from "ws";
      const server = createServer((_, response) => response.end("from the fake"));
      new WebSocketServer({ server });
      let count: number = 0;
      export default {
        start: () => new Promise((resolve) => server.listen(0, "127.0.0.1", () =>
          resolve({ url: "http://127.0.0.1:" + server.address().port }))),
        fill: (terms: object) => ({ ...terms, fillId: String(count += 1) }),
        orders: () => [readFileSync(join(__dirname, "data.txt"), "utf8"), Object.keys(process.env)],
      };
    `;
    const venue = await run(source, await find());
    const { url } = (await venue.call("start")) as { url: string };
    expect(await (await fetch(url)).text()).toBe("from the fake");
    expect(await venue.call("fill", { quantity: "1" })).toEqual({ quantity: "1", fillId: "1" });
    expect(await venue.call("fill", { quantity: "2" })).toEqual({ quantity: "2", fillId: "2" });
    expect(await venue.call("orders")).toEqual(["recorded", []]);
  });

  it.each([
    [
      "throws",
      "export default { start() { throw new Error('port taken'); } };",
      /not of the adapter: .*fake\.ts:1:34: start: port taken/,
    ],
    ["is missing", "export default {};", /fake\.ts has no hook start in its default export/],
    ["is in a module that throws", "throw new Error('no recording');", /fake\.ts:1:7: start: no recording/],
    ["ends the process", "export default { start() { process.exit(3); } };", /its process ended: exit code 3/],
    [
      "reads a file elsewhere",
      "import { readFileSync } from 'node:fs'; export default { start: () => readFileSync('/etc/hostname', 'utf8') };",
      /Access to this API has been restricted/,
    ],
    [
      "reads a file by a link to its folder",
      "import { readFileSync } from 'node:fs'; export default { start: () => readFileSync(__dirname + '/link/hostname', 'utf8') };",
      /Access to this API has been restricted/,
    ],
    [
      "reads a file by a link to it",
      "import { readFileSync } from 'node:fs'; export default { start: () => readFileSync(__dirname + '/link.txt', 'utf8') };",
      /Access to this API has been restricted/,
    ],
    [
      "starts a program",
      "import { spawnSync } from 'node:child_process'; export default { start: () => spawnSync('id') };",
      /Access to this API has been restricted/,
    ],
    [
      "sends a signal",
      "export default { start: () => process.kill(process.ppid, 'SIGUSR1') };",
      /process\.kill is not a function/,
    ],
    [
      "opens an inspector",
      "export default { start: () => process._debugProcess(process.ppid) };",
      /process\._debugProcess is not a function/,
    ],
    [
      "sends a signal by the handle of a process",
      "import { ChildProcess } from 'node:child_process'; export default { start: () => new ChildProcess()._handle.kill(9) };",
      /kill is not a function/,
    ],
    [
      "gets the flags of V8 by an import of its own",
      `import { Module } from "node:module"; export default { start: async () => {
        const made = new Module("made");
        made._compile("exports.loaded = import('node:v8')", "/made.js");
        (await made.exports.loaded).setFlagsFromString("--trace-turbo");
      } };`,
      /setFlagsFromString is not a function/,
    ],
    [
      "has Node write a report when it ends",
      "export default { start: () => { process.report.reportOnFatalError = true; } };",
      /Cannot set properties of undefined/,
    ],
    [
      "writes no JSON into the channel of its answers",
      "import { writeSync } from 'node:fs'; export default { start: () => writeSync(3, 'x\\n') };",
      /its process ended: it sent a message that is no answer of a hook/,
    ],
    [
      "writes a message of Node's own channel there",
      `import { writeSync } from 'node:fs'; export default {
        start: () => writeSync(3, JSON.stringify({ cmd: "NODE_HANDLE", type: "net.Nothing", msg: {} }) + "\\n"),
      };`,
      /its process ended: it sent a message that is no answer of a hook/,
    ],
    [
      "writes there without an end of line",
      `import { writeSync } from 'node:fs'; export default {
        start() { for (;;) try { writeSync(3, Buffer.alloc(65_536, "x")); } catch { /* The pipe is full. */ } },
      };`,
      /its process ended: it sent a message of more than 16777216 bytes/,
    ],
  ])("a hook that %s is an error with the reason", async (_, source, message) => {
    const venue = await run(source);
    await expect(venue.call("start")).rejects.toThrow(message);
  });

  it("writes no file of SQLite", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "qoc-operator-")), "made");
    const venue = await run(`export default { start: () => {
      const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
      new DatabaseSync(${JSON.stringify(file)}).exec("CREATE TABLE a (b)");
    } };`);
    await expect(venue.call("start")).rejects.toThrow(/fake\.ts/);
    expect(existsSync(file)).toBe(false);
  });

  it("writes no trace through a link beside the module", async () => {
    const venue = await run(`
      import { createTracing } from "node:trace_events";
      createTracing({ categories: ["node.perf"] }).enable();
      export default { start: () => process.exit(0) };
    `);
    await expect(venue.call("start")).rejects.toThrow(/fake\.ts/);
    expect(readFileSync(VICTIM, "utf8")).toBe("the operator's");
  });

  it("writes no trace of V8 into a file of the operator", async () => {
    const flags = ["--trace-turbo", "--no-concurrent-recompilation", `--trace-turbo-cfg-file=${VICTIM}`];
    const venue = await run(`import v8 from "node:v8"; export default { start: () => {
      for (const flag of ${JSON.stringify(flags)}) v8.setFlagsFromString(flag);
      const twice = (x: number): number => x * 2;
      for (let i = 0; i < 3_000_000; i += 1) twice(i);
    } };`);
    await expect(venue.call("start")).rejects.toThrow(/setFlagsFromString is not a function/);
    expect(readFileSync(VICTIM, "utf8")).toBe("the operator's");
  });

  it.each([
    ["in the sandbox", findSandbox],
    ["without a sandbox", () => Promise.resolve(PLAIN)],
  ])("reaches no Unix socket, and makes none, %s", async (how, find) => {
    const sandbox = await find();
    const folder = mkdtempSync(join(tmpdir(), "qoc-socket-"));
    // Linux has sockets without a file, too, which belong to the network and not to the file system.
    const listened = [join(folder, "x"), ...(process.platform === "linux" ? [`\0qoc ${process.pid} ${how}`] : [])];
    for (const path of listened) {
      const server = createServer().listen(path);
      onTestFinished(() => void server.close());
      await once(server, "listening");
    }
    const venue = await run(
      `import { connect, createServer } from "node:net";
      const codeOf = (socket) => new Promise((resolve) => socket.on("error", ({ code }) => resolve(code))
        .on("connect", () => resolve("connected")).on("listening", () => resolve("listening")));
      export default { start: (paths, made) =>
        Promise.all([...paths.map((path) => codeOf(connect(path))), codeOf(createServer().listen(made))]) };`,
      sandbox,
    );
    const codes = await venue.call("start", listened, join(folder, "made"));
    expect(codes).toEqual([...listened, "made"].map(() => "EACCES"));
  });

  it("sees no other process and no socket of the operator in the sandbox", async ({ skip }) => {
    const sandbox = await findSandbox();
    if (sandbox.problem !== undefined) skip(sandbox.problem);
    const server = createServer().listen(join(mkdtempSync(join(tmpdir(), "qoc-socket-")), "agents.sock"));
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const connect = `new Promise((resolve) => require("node:net").connect(${JSON.stringify(server.address())})
      .on("error", ({ code }) => resolve(code)).on("connect", () => resolve("connected")))`;
    const venue = await run(`export default { start: async () => [process.ppid, await ${connect}] };`, sandbox);
    expect(await venue.call("start")).toEqual([1, "EACCES"]);
  });

  it("a module that throws outside of its hooks is a fault with its file and line", async () => {
    const venue = await run(`export default {
      start: () => void setImmediate(() => { throw new TypeError("no list"); }),
    };`);
    expect(await venue.findFault()).toBeUndefined();
    await venue.call("start");
    await expect
      .poll(() => venue.findFault())
      .toMatch(/not of the adapter: .*fake\.ts: its process ended: TypeError: no list at fake\.ts:2:\d+$/);
  });

  it("a module that cannot be bundled is an error with file and line", async () => {
    await expect(run("export default {\n  start( };")).rejects.toThrow(/fake\.ts:2:\d+/);
  });
});

describe("the files that a fake venue may read", () => {
  const folder = mkdtempSync(join(tmpdir(), "qoc-files-"));
  const put = (path: string): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "x");
  };

  it("are those of its folder, without links, hidden files, packages and names that Node reads as a pattern", async () => {
    for (const path of ["fake.ts", "data/a.json", ".env", ".keys/a", "node_modules/p/a.js", "*", "a,/etc/hostname"])
      put(path);
    symlinkSync("/", join(folder, "root"));
    symlinkSync("fake.ts", join(folder, "link.ts"));
    const files = await filesBeside(nodeDisk(), join(folder, "fake.ts"));
    expect(files.map((path) => path.slice(folder.length + 1))).toEqual(["fake.ts", "data/a.json"]);
  });

  it("are at most a thousand, so that they are not those of a home folder", async () => {
    for (let n = 0; n < 1_000; n++) put(`many/${n}.txt`);
    await expect(filesBeside(nodeDisk(), join(folder, "fake.ts"))).rejects.toThrow("give it a folder of its own");
  });
});
