/** Forgery, streams and the network: what goes over the port, into the desk's output, and out of this machine. */
import { LIMITS } from "../../src/protocol/messages.ts";
import type { Attack } from "./attacks.ts";

type Group = Attack["group"];
function attack(group: Group) {
  return (id: string, title: string, code: string, more: Partial<Attack> = {}): Attack => ({
    id,
    group,
    title,
    code,
    expect: "refused",
    ...more,
  });
}
const forge = attack("forgery");
const stream = attack("streams");
const net = attack("network");
function late(name: string, use: string): string {
  return `const found = process.getBuiltinModule?.(${JSON.stringify(name)}) ?? (await new Function("n", "return import(n)")(${JSON.stringify(`node:${name}`)})); ${use}`;
}
const HANG = "await new Promise(() => {});";
/** Takes hold of its own port by the runtime's event classes, where that works; what it then says is judged like anything else. */
const PORT = `let port; const proto = MessagePort.prototype; for (const where of [proto, Object.getPrototypeOf(proto), EventTarget.prototype]) for (const key of Reflect.ownKeys(where)) { const d = Object.getOwnPropertyDescriptor(where, key); if (typeof d?.value !== "function" || key === "constructor" || !d.configurable) continue; try { Object.defineProperty(where, key, { ...d, value(...args) { if (this instanceof MessagePort) port ??= this; return d.value.apply(this, args); } }); } catch {} } await this.ctx.store.get("x"); await new Promise((r) => setTimeout(r, 50));`;

export const FORGERY_ATTACKS: readonly Attack[] = [
  forge(
    "D01",
    "messages by parentPort",
    late("worker_threads", `found.parentPort.postMessage({ e: "fills" }); return "sent";`),
  ),
  forge(
    "D02",
    "BroadcastChannel by import",
    late("worker_threads", `new found.BroadcastChannel("x").postMessage(1); return "sent";`),
  ),
  forge("D03", "BroadcastChannel by its global", `new BroadcastChannel("x").postMessage(1); return "sent";`),
  forge(
    "D04",
    "postMessageToThread",
    late("worker_threads", `await found.postMessageToThread(0, "x"); return "sent";`),
  ),
  forge(
    "D05",
    "environment data of all threads",
    late("worker_threads", `found.setEnvironmentData("x", 1); return "set";`),
  ),
  forge(
    "D06",
    "Comlink CONSTRUCT towards the host, by its own port",
    `${PORT} if (!port) return ""; port.postMessage({ id: "1", type: "CONSTRUCT", path: ["constructor"], argumentList: [{ type: "RAW", value: "return process" }] }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forge(
    "D07",
    "Comlink SET of __proto__, by its own port",
    `${PORT} if (!port) return ""; port.postMessage({ id: "1", type: "SET", path: ["__proto__", "__proto__", "polluted"], value: { type: "RAW", value: 1 } }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forge(
    "D08",
    "a long property path towards the host",
    `${PORT} if (!port) return ""; port.postMessage({ id: "1", type: "GET", path: Array(100_000).fill("a") }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forge(
    "D09",
    "shared memory in a message",
    `${PORT} if (!port) return ""; port.postMessage({ e: "log", level: "info", message: "x", fields: { b: new SharedArrayBuffer(8) } }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forge(
    "D10",
    "prototype pollution of its own realm",
    `Object.prototype.polluted = 1; Array.prototype.push = () => 0; return "";`,
    {
      expect: ["refused", "contained"],
      note: "its own realm only; the desk's is looked at",
    },
  ),
  forge("D11", "patched JSON and Promise", `JSON.stringify = () => "{}"; globalThis.Promise = class {}; return "";`, {
    expect: ["refused", "contained"],
  }),
  forge(
    "D12",
    "an acknowledgement that is an accessor",
    `return Object.defineProperty({}, "venueOrderId", { enumerable: true, get() { throw new Error("no"); } });`,
  ),
  forge(
    "D13",
    "fills under another connector's name",
    `this.ctx.emitFill({ fillId: "1", connector: "other", e: "fills" }); return "";`,
    { expect: "contained", note: "out of shape: cut off" },
  ),
  stream("E01", "console.log", `console.log("hello"); return "";`),
  stream(
    "E02",
    "process.stdout.write",
    `process.stdout.write("hello\\n"); return process.stdout.fd === 1 ? "real" : "";`,
  ),
  stream("E03", "fs.writeSync(1)", `fs.writeSync(1, "forged\\n"); return "written";`, {
    head: `import fs from "node:fs";`,
  }),
  stream(
    "E04",
    "net.Socket({ fd: 1 })",
    late("net", `new found.Socket({ fd: 1 }).write("forged\\n"); return "written";`),
  ),
  stream(
    "E05",
    "net.Socket by the constructor of a granted one",
    `const s = net.connect(this.ctx.options.port, "127.0.0.1"); await new Promise((r) => s.on("connect", r)); const C = s.constructor; const raw = new C({ fd: 1 }); raw.write("forged\\n"); return raw.writable && raw._handle ? "written" : "";`,
    {
      head: `import net from "node:net";`,
      tcp: ["PORT"],
    },
  ),
  stream("E06", "/proc/self/fd/1", `fs.writeFileSync("/proc/self/fd/1", "forged\\n"); return "written";`, {
    head: `import fs from "node:fs";`,
  }),
  stream("E07", "reading standard input", `return fs.readFileSync(0, "utf8") || "read";`, {
    head: `import fs from "node:fs";`,
  }),
  stream("E08", "a flood of log lines", `for (;;) this.ctx.logger.info("flood");`, { expect: "contained" }),
  stream(
    "E09",
    "a flood of fills",
    `for (let i = 0; ; i++) { this.ctx.emitFill({ fillId: "f" + i, venueOrderId: "v", symbol: "X", side: "buy", quantity: "1", price: "1", timestamp: 1 }); if (i % 1000 === 0) await new Promise((r) => setImmediate(r)); if (i > 300_000) return ""; }`,
    {
      expect: ["refused", "contained"],
      note: "slowed by the window, told by an error when its queue is full",
    },
  ),
  stream(
    "E10",
    "a flood of small raw messages",
    `${PORT} if (!port) return ""; for (;;) port.postMessage({ e: "pong", n: 1, heapMb: 1 });`,
    { expect: { worker: ["refused", "contained"], process: "refused" } },
  ),
  stream(
    "E11",
    "a flood of messages of 64 KiB",
    `${PORT} if (!port) return ""; const big = "x".repeat(60_000); for (;;) port.postMessage({ e: "log", level: "info", message: big });`,
    { expect: { worker: ["refused", "contained"], process: "refused" } },
  ),
  stream("E12", "one message of 100 MB", `return { big: "x".repeat(100_000_000) };`, {
    expect: "contained",
    memoryMb: 512,
  }),
  stream(
    "E13",
    "a fill just over its limit",
    `this.ctx.emitFill({ fillId: "x".repeat(${LIMITS.fillsChars}) }); ${HANG}`,
    { expect: "refused" },
  ),
  stream(
    "E14",
    "a flood of questions",
    `for (let i = 0; i < 5_000; i++) this.ctx.store.get("k" + i).catch(() => {}); return "";`,
  ),
  net("F01", "fetch of a host that is not listed", `await fetch("http://192.0.2.1/"); return "sent";`, {
    hosts: ["api.venue.example"],
  }),
  net("F02", "WebSocket to a host that is not listed", `new WebSocket("ws://192.0.2.1/"); return "opened";`, {
    hosts: ["api.venue.example"],
  }),
  net(
    "F03",
    "an address that changes between two looks",
    `let n = 0; await fetch({ get url() { return n++ ? "http://127.0.0.1:1/" : "http://api.venue.example/"; }, toString() { return this.url; } }); return "sent";`,
    { hosts: ["api.venue.example"] },
  ),
  net(
    "F04",
    "a redirect to a host that is not listed",
    `const r = await fetch(this.ctx.options.web + "/redirect"); return r.url.includes("localhost") ? "followed" : "";`,
    { hosts: ["127.0.0.1"] },
  ),
  net(
    "F05",
    "the dispatcher, past fetch",
    `const s = Object.getOwnPropertySymbols(globalThis).find((x) => String(x).includes("undici")); return await new Promise((resolve, reject) => { globalThis[s].dispatch({ origin: this.ctx.options.web.replace("127.0.0.1", "localhost"), path: "/", method: "GET" }, { onConnect() {}, onHeaders: () => resolve("sent"), onData() {}, onComplete() {}, onError: reject }); });`,
    { hosts: ["127.0.0.1"] },
  ),
  net("F06", "TCP", late("net", `found.connect(80, "192.0.2.1"); return "opened";`)),
  net(
    "F07",
    "TCP to an address that is not granted",
    `await new Promise((resolve, reject) => { const s = net.connect(this.ctx.options.port + 1, "127.0.0.1"); s.on("connect", resolve); s.on("error", reject); }); return "opened";`,
    { head: `import net from "node:net";`, tcp: ["PORT"] },
  ),
  net("F08", "UDP", late("dgram", `found.createSocket("udp4").send("x", 9, "192.0.2.1"); return "sent";`)),
  net("F09", "DNS", late("dns", `found.lookup("example.com", () => {}); return "asked";`)),
  net(
    "F10",
    "fetch without hosts in desk.toml",
    `const r = await fetch(this.ctx.options.web + "/"); return "reached " + r.status;`,
    { expect: "succeeds", note: "without hosts any host may be reached" },
  ),
];
