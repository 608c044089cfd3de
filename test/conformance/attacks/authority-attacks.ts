/**
 * Attempts to be the operator: to read the keys of the desk, and to reach a socket of the desk by its path. The path is
 * given to the attack, as if it had guessed it.
 */
import type { Attack } from "./attacks.ts";

function authority(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return { id, group: "authority", title, code, expect: "refused", hosts: ["127.0.0.1"], ...more };
}

const FS = { head: `import fs from "node:fs";` };
const NET = { head: `import net from "node:net";`, tcp: ["PORT"] };
const KEY = `this.ctx.options.keys + "/desk"`;
/** Writes a decision of "the human at the terminal" to a connection, and returns what comes back. */
function forge(socket: string): string {
  return `const request = JSON.stringify({ id: "1", command: "approve", input: { id: "20260101-001", digest: "sha256:0" }, channel: "tty", actor: "human", cwd: "/" });
    return await new Promise((resolve, reject) => { const s = ${socket}; s.on("error", reject); s.on("connect", () => s.write(request + "\\n")); s.on("open", () => s.send(request)); s.on("data", (d) => resolve("answered " + d)); s.on("message", (d) => resolve("answered " + d)); s.on("close", () => resolve("")); });`;
}

export const AUTHORITY_ATTACKS: readonly Attack[] = [
  authority("G01", "listing the folder of the keys", `return fs.readdirSync(this.ctx.options.keys).join();`, FS),
  authority("G02", "reading the desk key", `return fs.readFileSync(${KEY}, "utf8");`, FS),
  authority("G03", "reading the host key", `return fs.readFileSync(this.ctx.options.keys + "/desk.host", "utf8");`, FS),
  authority(
    "G04",
    "reading the desk key by a descriptor",
    `const fd = fs.openSync(${KEY}, "r"); const b = new Uint8Array(500); fs.readSync(fd, b); return new TextDecoder().decode(b);`,
    FS,
  ),
  authority(
    "G05",
    "reading the desk key through import()",
    `const f = await import("node:fs"); return f.readFileSync(${KEY}, "utf8");`,
  ),
  authority(
    "G06",
    "reading the desk key through process.getBuiltinModule",
    `return process.getBuiltinModule("fs").readFileSync(${KEY}, "utf8");`,
  ),
  authority("G07", "reading the desk key through fetch", `return await (await fetch("file://" + ${KEY})).text();`),
  authority("G08", "importing the desk key as a module", `return Object.keys(await import(${KEY})).join() || "read";`),
  authority(
    "G09",
    "copying the desk key to a file of its own",
    `fs.copyFileSync(${KEY}, "/tmp/qoc-attack-key"); return "copied";`,
    FS,
  ),
  authority(
    "G10",
    "a decision of the human at the terminal on desk.sock, by net.connect with a path",
    forge(`net.connect({ path: this.ctx.options.deskSocket })`),
    NET,
  ),
  authority(
    "G11",
    "the same by net.createConnection with the path as text",
    forge(`net.createConnection(this.ctx.options.deskSocket)`),
    NET,
  ),
  authority(
    "G12",
    "the same by a socket's own connect",
    forge(`new net.Socket().connect({ path: this.ctx.options.deskSocket })`),
    NET,
  ),
  authority(
    "G13",
    "the same by a WebSocket to a unix socket",
    forge(`new (require("ws"))("ws+unix://" + this.ctx.options.deskSocket + ":/")`),
    { head: `import "ws";` },
  ),
  authority(
    "G14",
    "the same by fetch with the socket's path",
    `const r = await fetch("http://127.0.0.1/", { method: "POST", body: "{}", socketPath: this.ctx.options.deskSocket, unix: this.ctx.options.deskSocket, signal: AbortSignal.timeout(1_000) }); return "answered " + r.status;`,
  ),
  authority("G15", "an agent's call on agents.sock", forge(`net.connect({ path: this.ctx.options.agentSocket })`), NET),
  authority(
    "G16",
    "listening in the place of desk.sock",
    `net.createServer().listen(this.ctx.options.deskSocket + ".new"); return "listens";`,
    NET,
  ),
];
