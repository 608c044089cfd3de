/** Forged messages on the worker's port, writes to the desk's output, floods, and network access. */
import { LIMITS } from "../../../src/protocol/limits.ts";
import type { Attack } from "./attacks.ts";

type Group = Attack["group"];
function attackOf(group: Group) {
  return (id: string, title: string, code: string, more: Partial<Attack> = {}): Attack => ({
    id,
    group,
    title,
    code,
    expect: "refused",
    ...more,
  });
}
const forgeryAttack = attackOf("forgery");
const streamAttack = attackOf("streams");
const networkAttack = attackOf("network");
function late(name: string, use: string): string {
  return `const found = process.getBuiltinModule?.(${JSON.stringify(name)}) ?? (await new Function("n", "return import(n)")(${JSON.stringify(`node:${name}`)})); ${use}`;
}
const HANG = "await new Promise(() => {});";
/** Gets the worker's own port by patching event classes. The host validates messages on the port in any case. */
const PORT = `let port; const proto = MessagePort.prototype; for (const where of [proto, Object.getPrototypeOf(proto), EventTarget.prototype]) for (const key of Reflect.ownKeys(where)) { const d = Object.getOwnPropertyDescriptor(where, key); if (typeof d?.value !== "function" || key === "constructor" || !d.configurable) continue; try { Object.defineProperty(where, key, { ...d, value(...args) { if (this instanceof MessagePort) port ??= this; return d.value.apply(this, args); } }); } catch {} } await this.ctx.store.get("x"); await new Promise((r) => setTimeout(r, 50));`;

export const FORGERY_ATTACKS: readonly Attack[] = [
  forgeryAttack(
    "D01",
    "messages through parentPort",
    late("worker_threads", `found.parentPort.postMessage({ e: "fills" }); return "sent";`),
  ),
  forgeryAttack(
    "D02",
    "BroadcastChannel through import",
    late("worker_threads", `new found.BroadcastChannel("x").postMessage(1); return "sent";`),
  ),
  forgeryAttack(
    "D03",
    "BroadcastChannel through its global",
    `new BroadcastChannel("x").postMessage(1); return "sent";`,
  ),
  forgeryAttack(
    "D04",
    "postMessageToThread",
    late("worker_threads", `await found.postMessageToThread(0, "x"); return "sent";`),
  ),
  forgeryAttack(
    "D05",
    "setting environment data of all threads",
    late("worker_threads", `found.setEnvironmentData("x", 1); return "set";`),
  ),
  forgeryAttack(
    "D06",
    "Comlink CONSTRUCT sent to the host through its own port",
    `${PORT} if (!port) return ""; port.postMessage({ id: "1", type: "CONSTRUCT", path: ["constructor"], argumentList: [{ type: "RAW", value: "return process" }] }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forgeryAttack(
    "D07",
    "Comlink SET of __proto__ sent through its own port",
    `${PORT} if (!port) return ""; port.postMessage({ id: "1", type: "SET", path: ["__proto__", "__proto__", "polluted"], value: { type: "RAW", value: 1 } }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forgeryAttack(
    "D08",
    "a long property path sent to the host",
    `${PORT} if (!port) return ""; port.postMessage({ id: "1", type: "GET", path: Array(100_000).fill("a") }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forgeryAttack(
    "D09",
    "shared memory in a message",
    `${PORT} if (!port) return ""; port.postMessage({ e: "log", level: "info", message: "x", fields: { b: new SharedArrayBuffer(8) } }); ${HANG}`,
    {
      expect: { worker: ["refused", "contained"], process: "refused" },
    },
  ),
  forgeryAttack(
    "D10",
    "prototype pollution of its own realm",
    `Object.prototype.polluted = 1; Array.prototype.push = () => 0; return "";`,
    {
      expect: ["refused", "contained"],
      note: "affects only the worker's realm; the test checks the host's prototypes",
    },
  ),
  forgeryAttack(
    "D11",
    "patched JSON and Promise",
    `JSON.stringify = () => "{}"; globalThis.Promise = class {}; return "";`,
    {
      expect: ["refused", "contained"],
    },
  ),
  forgeryAttack(
    "D12",
    "an acknowledgement with a throwing getter",
    `return Object.defineProperty({}, "venueOrderId", { enumerable: true, get() { throw new Error("no"); } });`,
  ),
  forgeryAttack(
    "D13",
    "fills under another connector's name",
    `this.ctx.emitFill({ fillId: "1", connector: "other", e: "fills" }); return "";`,
    { expect: "refused", note: "an invalid fill is refused and counted" },
  ),
  streamAttack("E01", "console.log", `console.log("hello"); return "";`),
  streamAttack(
    "E02",
    "process.stdout.write",
    `process.stdout.write("hello\\n"); return process.stdout.fd === 1 ? "real" : "";`,
  ),
  streamAttack("E03", "fs.writeSync(1)", `fs.writeSync(1, "forged\\n"); return "written";`, {
    head: `import fs from "node:fs";`,
  }),
  streamAttack(
    "E04",
    "net.Socket({ fd: 1 })",
    late("net", `new found.Socket({ fd: 1 }).write("forged\\n"); return "written";`),
  ),
  streamAttack(
    "E05",
    "net.Socket through the constructor of a granted socket",
    `const s = net.connect(this.ctx.options.port, "127.0.0.1"); await new Promise((r) => s.on("connect", r)); const C = s.constructor; const raw = new C({ fd: 1 }); raw.write("forged\\n"); return raw.writable && raw._handle ? "written" : "";`,
    {
      head: `import net from "node:net";`,
      tcp: ["PORT"],
    },
  ),
  streamAttack("E06", "/proc/self/fd/1", `fs.writeFileSync("/proc/self/fd/1", "forged\\n"); return "written";`, {
    head: `import fs from "node:fs";`,
  }),
  streamAttack("E07", "reading standard input", `return fs.readFileSync(0, "utf8") || "read";`, {
    head: `import fs from "node:fs";`,
  }),
  streamAttack("E08", "a flood of log lines", `for (;;) this.ctx.logger.info("flood");`, { expect: "contained" }),
  streamAttack(
    "E09",
    "a flood of fills",
    `for (let i = 0; ; i++) { this.ctx.emitFill({ fillId: "f" + i, venueOrderId: "v", symbol: "X", side: "buy", quantity: "1", price: "1", timestamp: 1 }); if (i % 1000 === 0) await new Promise((r) => setImmediate(r)); if (i > 300_000) return ""; }`,
    {
      expect: ["refused", "contained"],
      note: "back-pressure slows the adapter; emitFill throws when its queue is full",
    },
  ),
  streamAttack(
    "E10",
    "a flood of small raw messages",
    `${PORT} if (!port) return ""; for (;;) port.postMessage({ e: "ping-reply", id: 1, heapMb: 1 });`,
    { expect: { worker: ["refused", "contained"], process: "refused" } },
  ),
  streamAttack(
    "E11",
    "a flood of messages of 64 KiB",
    `${PORT} if (!port) return ""; const big = "x".repeat(60_000); for (;;) port.postMessage({ e: "log", level: "info", message: big });`,
    { expect: { worker: ["refused", "contained"], process: "refused" } },
  ),
  streamAttack("E12", "one message of 100 MB", `return { big: "x".repeat(100_000_000) };`, {
    expect: "contained",
    memoryMb: 512,
  }),
  streamAttack(
    "E13",
    "a fill just over the size limit",
    `this.ctx.emitFill({ fillId: "x".repeat(${LIMITS.batchChars}) }); ${HANG}`,
    { expect: "refused" },
  ),
  streamAttack(
    "E14",
    "a flood of store requests",
    `for (let i = 0; i < 5_000; i++) this.ctx.store.get("k" + i).catch(() => {}); return "";`,
  ),
  networkAttack("F01", "fetch of a host that is not listed", `await fetch("http://192.0.2.1/"); return "sent";`, {
    hosts: ["api.venue.example"],
  }),
  networkAttack("F02", "WebSocket to a host that is not listed", `new WebSocket("ws://192.0.2.1/"); return "opened";`, {
    hosts: ["api.venue.example"],
  }),
  networkAttack(
    "F03",
    "a URL that changes between two reads",
    `let n = 0; await fetch({ get url() { return n++ ? "http://127.0.0.1:1/" : "http://api.venue.example/"; }, toString() { return this.url; } }); return "sent";`,
    { hosts: ["api.venue.example"] },
  ),
  networkAttack(
    "F04",
    "a redirect to a host that is not listed",
    `const r = await fetch(this.ctx.options.web + "/redirect"); return r.url.includes("localhost") ? "followed" : "";`,
    { hosts: ["127.0.0.1"] },
  ),
  networkAttack(
    "F05",
    "the dispatcher behind fetch, called directly",
    `const s = Object.getOwnPropertySymbols(globalThis).find((x) => String(x).includes("undici")); return await new Promise((resolve, reject) => { globalThis[s].dispatch({ origin: this.ctx.options.web.replace("127.0.0.1", "localhost"), path: "/", method: "GET" }, { onConnect() {}, onHeaders: () => resolve("sent"), onData() {}, onComplete() {}, onError: reject }); });`,
    { hosts: ["127.0.0.1"] },
  ),
  networkAttack("F06", "TCP", late("net", `found.connect(80, "192.0.2.1"); return "opened";`)),
  networkAttack(
    "F07",
    "TCP to an address that is not granted",
    `await new Promise((resolve, reject) => { const s = net.connect(this.ctx.options.port + 1, "127.0.0.1"); s.on("connect", resolve); s.on("error", reject); }); return "opened";`,
    { head: `import net from "node:net";`, tcp: ["PORT"] },
  ),
  networkAttack("F08", "UDP", late("dgram", `found.createSocket("udp4").send("x", 9, "192.0.2.1"); return "sent";`)),
  networkAttack("F09", "DNS", late("dns", `found.lookup("example.com", () => {}); return "asked";`)),
  networkAttack(
    "F10",
    "fetch of a loopback address if desk.toml lists no hosts",
    `const r = await fetch(this.ctx.options.web + "/"); return "reached " + r.status;`,
    { note: "without a list of hosts every public address is allowed" },
  ),
];
