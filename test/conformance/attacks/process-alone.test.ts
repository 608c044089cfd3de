/**
 * What code with every right of Node finds in a connector's process: the rows P01-P14 run without the adapter's stubs
 * and without Node's permission model, inside bubblewrap and, to show that each attack works, without it. The rows
 * P20-P23 write into the pipes of a running connector, as other code of the desk's process could.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, writeFileSync, writeSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeCommand, ProcessSandbox } from "../../../src/host/process-sandbox.ts";
import { adapterHarness, adapterSource } from "../../support/adapter-harness.ts";
import { PLAIN, findSandbox } from "../../support/process-sandbox.ts";

const sandbox = await findSandbox();
if (sandbox.problem !== undefined)
  process.stderr.write(`\nSKIPPED: processes inside bubblewrap are not tested: ${sandbox.problem}\n\n`);

const folder = mkdtempSync(join(tmpdir(), "qoc-alone-"));
const secretFile = join(folder, "secret");
writeFileSync(secretFile, "canary-in-file");
const servers: Server[] = [];

function listen(address: object): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => undefined));
  servers.push(server);
  return new Promise((resolve) => server.listen(address, () => resolve(server)));
}

let port = 0;
beforeAll(async () => {
  process.env["QOC_ALONE_CANARY"] = "canary-in-env";
  port = ((await listen({ port: 0, host: "127.0.0.1" })).address() as { port: number }).port;
  await listen({ path: join(folder, "desk.sock") });
});
afterAll(() => {
  delete process.env["QOC_ALONE_CANARY"];
  for (const server of servers) server.close();
});

function commandOf(code: string): NodeCommand {
  const values = JSON.stringify({ folder, secretFile, port, pid: process.pid });
  const text = `const fs = require("fs"), net = require("net"); const at = ${values};
    const say = (text) => { fs.writeSync(1, String(text)); process.exit(0); };
    const dial = (to) => net.connect(to).on("connect", () => say("connected")).on("error", (error) => say(error.code));
    try { ${code} } catch (error) { say(error.code ?? error.message); }`;
  return { args: ["--no-warnings", "-e", text], readable: [], environment: {}, folder };
}

function outputOf(used: ProcessSandbox, code: string): string {
  const { program, args, env, cwd } = used.commandOf(commandOf(code));
  return spawnSync(program, args, { env, cwd, encoding: "utf8", timeout: 110_000 }).stdout;
}

/** `plain`: the output without bubblewrap. `alone`: the output inside it. */
const ROWS: readonly { id: string; title: string; code: string; plain: RegExp; alone: RegExp }[] = [
  {
    id: "P01",
    title: "connects to a port of this machine",
    code: `dial({ host: "127.0.0.1", port: at.port })`,
    plain: /^connected$/,
    alone: /^ECONNREFUSED$/,
  },
  {
    id: "P02",
    title: "has a network interface besides its own loopback",
    code: `say(fs.readFileSync("/proc/net/dev", "utf8").split("\\n").slice(2).map((line) => line.split(":")[0].trim()).filter(Boolean).some((name) => name !== "lo"))`,
    plain: /^true|false$/,
    alone: /^false$/,
  },
  {
    id: "P03",
    title: "connects to a Unix socket of the operator",
    code: `dial({ path: at.folder + "/desk.sock" })`,
    plain: /^connected$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P04",
    title: "reads a file of the user",
    code: `say(fs.readFileSync(at.secretFile, "utf8"))`,
    plain: /^canary-in-file$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P05",
    title: "reads the system's users",
    code: `say(fs.readFileSync("/etc/passwd", "utf8").slice(0, 4))`,
    plain: /^root$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P06",
    title: "writes a file beside the user's",
    code: `fs.writeFileSync(at.folder + "/planted", "x"); say("written")`,
    plain: /^written$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P07",
    title: "writes a file in its root folder",
    code: `fs.writeFileSync("/planted-" + process.pid, "x"); fs.unlinkSync("/planted-" + process.pid); say("written")`,
    plain: /^written|EACCES$/,
    alone: /^EROFS$/,
  },
  {
    id: "P08",
    title: "sees the desk among the processes",
    code: `say(fs.readFileSync("/proc/" + at.pid + "/cmdline", "utf8").length > 0)`,
    plain: /^true$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P09",
    title: "reads the desk's environment",
    code: `say(fs.readFileSync("/proc/" + at.pid + "/environ", "utf8").length > 0)`,
    plain: /^true$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P10",
    title: "opens a descriptor of the desk",
    code: `say(fs.readdirSync("/proc/" + at.pid + "/fd").length > 0)`,
    plain: /^true$/,
    alone: /^ENOENT$/,
  },
  {
    id: "P11",
    title: "sends the desk a signal",
    code: `process.kill(at.pid, 0); say("sent")`,
    plain: /^sent$/,
    alone: /^ESRCH$/,
  },
  {
    id: "P12",
    title: "has variables of the desk",
    code: `say(JSON.stringify(Object.keys(process.env)))`,
    plain: /^\[\]$/,
    alone: /^\["PWD"\]|\[\]$/,
  },
  {
    id: "P13",
    title: "starts a program of the system",
    code: `say(require("child_process").spawnSync("/bin/sh", ["-c", "echo started"]).stdout ?? "ENOENT")`,
    plain: /^started/,
    alone: /^ENOENT$/,
  },
  {
    id: "P14",
    title: "gets a capability",
    code: `say(/CapEff:\\s+(\\w+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1])`,
    plain: /^[0-9a-f]{16}$/,
    alone: /^0{16}$/,
  },
];

describe.skipIf(process.platform !== "linux")("without bubblewrap, code with every right", () => {
  it.each(ROWS)("$id $title", ({ code, plain }) => expect(outputOf(PLAIN, code)).toMatch(plain));
});

describe.skipIf(sandbox.problem !== undefined)("inside bubblewrap, code with every right", () => {
  it.each(ROWS)("$id $title: refused", ({ code, alone }) => expect(outputOf(sandbox, code)).toMatch(alone));

  it("P16 opens no setting of the kernel to write it, also as root", () => {
    const code = `fs.openSync("/proc/sys/kernel/core_pattern", "r+"); say("opened")`;
    expect(outputOf(sandbox, code)).toMatch(/^(EACCES|EROFS)$/);
  });

  it("P17 writes no file into memory that its limit does not count", () => {
    const code = `fs.writeFileSync("/dev/shm/planted", "x"); say("written")`;
    expect(outputOf(sandbox, code)).toBe("EROFS");
  });

  it("P15 ends with the process that started it", async () => {
    const { program, args, env, cwd } = sandbox.commandOf(
      commandOf(`fs.writeSync(1, "up"); setInterval(() => {}, 1e6)`),
    );
    const starter = `const child = require("child_process").spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { env: ${JSON.stringify(env)}, cwd: ${JSON.stringify(cwd)}, stdio: ["ignore", 1, 2], detached: true });`;
    const parent = spawn(process.execPath, ["-e", starter], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    const closed = new Promise((resolve) => parent.stdout.once("close", resolve));
    parent.kill("SIGKILL");
    // The pipe closes when the last process that holds it has ended.
    await closed;
  });
});

/** Descriptors of sockets that this process has open: the pipes to a child process are sockets. */
function openPipes(): ReadonlySet<number> {
  return new Set(
    readdirSync("/proc/self/fd")
      .map(Number)
      .filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
        } catch {
          return false;
        }
      }),
  );
}

const CALL = { id: "1", type: "APPLY", path: ["placeOrder"], argumentList: [{ type: "RAW", value: { symbol: "X" } }] };
const FILLS = { e: "fills", first: 1, items: [{ fillId: "forged" }] };
function unsigned(message: object): Buffer {
  const header = Buffer.from(JSON.stringify(message));
  const prefix = Buffer.alloc(30);
  prefix.writeUInt32LE(header.length, 0);
  prefix.writeUIntLE(1, 8, 6);
  return Buffer.concat([prefix, header]);
}

describe.skipIf(process.platform !== "linux")("bytes that other code writes into the pipes of a process", () => {
  const SANDBOXES = [
    ["plain", PLAIN] as const,
    ...(sandbox.problem === undefined ? [["alone", sandbox] as const] : []),
  ];
  const cases = SANDBOXES.flatMap(([name, used]) => [
    ["P20", "a call as a line of JSON", name, used, Buffer.from(`${JSON.stringify(CALL)}\n`)] as const,
    ["P21", "a call as a frame without the key", name, used, unsigned(CALL)] as const,
    ["P22", "fills as a line of JSON", name, used, Buffer.from(`${JSON.stringify(FILLS)}\n`)] as const,
    ["P23", "fills as a frame without the key", name, used, unsigned(FILLS)] as const,
  ]);
  beforeAll(async () => {
    // The egress thread starts with the first connector, and its descriptors are not those of a child.
    const first = await adapterHarness(adapterSource(""));
    await first.connector.start();
    await first.connector.stop();
  });

  it.each(cases)("%s %s (%s): ends the session, is logged, and is neither a call nor a fill", async (...row) => {
    const [, , , used, bytes] = row;
    const before = openPipes();
    const harness = await adapterHarness(
      adapterSource(
        `async placeOrder(): Promise<any> { this.ctx.logger.warn("placed an order"); return { venueOrderId: "v" }; }`,
      ),
      { isolation: "process", sandbox: used },
    );
    await harness.connector.start();
    expect(harness.connector.status.state).toBe("ready");
    for (const fd of openPipes())
      if (!before.has(fd))
        try {
          writeSync(fd, bytes);
        } catch {
          // The descriptor of a connection that only this process reads.
        }
    await harness.reached("restarting");
    await harness.reached("ready");
    expect(harness.log.text()).toMatch(/could not be read: a frame (is not authentic|of \d+ \+ \d+ bytes is over)/);
    expect(harness.log.text()).not.toContain("placed an order");
    expect(harness.fills).toEqual([]);
    await harness.connector.stop();
  });
});
