/**
 * Attempts to get a native network handle, to reach an address that is not allowed, or to change the runtime's network
 * code.
 */
import type { Attack } from "./attacks.ts";

function network(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return { id, group: "network", title, code, expect: "refused", hosts: ["127.0.0.1"], ...more };
}
/** Needs a granted socket. */
function tcp(id: string, title: string, code: string): Attack {
  return network(id, title, code, { head: `import net from "node:net";`, tcp: ["PORT"] });
}
function address(id: string, title: string, host: string, hosts?: readonly string[]): Attack {
  const code = `const r = await fetch("http://${host}:" + new URL(this.ctx.options.web).port + "/", { signal: AbortSignal.timeout(2_000) }); return "reached " + r.status;`;
  return { id, group: "network", title, code, expect: "refused", ...(hosts && { hosts }) };
}

/** Whether a value is a handle, a socket of the runtime, a port or the real process, or leads to one in two steps. */
const FIND = `
  const kinds = /^(TCP|Pipe|Socket|TLSSocket|ClientRequest|HTTPParser|MessagePort|Client|Pool|Agent)$/;
  const own = new Set([globalThis.process]);
  let caught = "";
  const find = (v, depth = 0) => { if (caught || (typeof v !== "object" && typeof v !== "function") || v === null || own.has(v)) return; own.add(v); try { if (typeof v.reallyExit === "function" || typeof v.getAsyncId === "function") caught = "process or handle"; else if (typeof v === "object" && kinds.test(v.constructor?.name) && !/^class /.test(String(v.constructor))) caught = v.constructor.name; } catch {} if (depth < 2 && !ArrayBuffer.isView(v)) for (const k of Reflect.ownKeys(v).slice(0, 100)) { const d = Reflect.getOwnPropertyDescriptor(v, k); if (d && "value" in d) find(d.value, depth + 1); } };
  const pause = (ms) => new Promise((r) => setTimeout(r, ms));
  const use = async () => { await fetch(this.ctx.options.web + "/").then((r) => r.text()); const w = new WebSocket(this.ctx.options.web.replace("http", "ws")); w.onerror = () => {}; await this.ctx.store.get("x"); await pause(50); w.close(); };
`;
const SPY = (target: string, key: string): string =>
  `${FIND} const old = ${target}[${key}]; Object.defineProperty(${target}, ${key}, { configurable: true, writable: true, value: function (...args) { find(this); for (const a of args) find(a); return old === undefined ? undefined : Reflect.apply(old, this, args); } }); try { await use(); } finally { try { Object.defineProperty(${target}, ${key}, { value: old }); } catch {} } return caught;`;
const DISPATCH = (method: string): string =>
  `${FIND} const symbols = Object.getOwnPropertySymbols(globalThis).filter((s) => String(s).includes("ispatcher")); for (const s of symbols) { try { globalThis[s].dispatch({ origin: this.ctx.options.web, path: "x:1", method: "${method}", upgrade: ${method === "GET" ? '"websocket"' : "undefined"} }, new Proxy({}, { has: () => true, get: (_t, k) => typeof k === "symbol" ? undefined : (...args) => { args.forEach((a) => find(a)); return true; } })); } catch {} } await pause(200); return caught;`;
const OPENED = (socket: string): string =>
  `return await new Promise((resolve, reject) => { const s = ${socket}; s.on("open", () => resolve("opened")); s.on("connect", () => resolve("connected")); s.on("error", reject); });`;
const WS_URL = `this.ctx.options.web.replace("http", "ws")`;
/** What the runtime asks an object for that it copies, by a prototype that answers; and the symbols of an object. */
const COPIES = `
  let caught = "";
  const note = (k) => { if (String(k).startsWith("Symbol(messaging_")) caught ||= "asked for " + String(k); };
  const asked = () => { const blob = new Blob(["x"]); Object.setPrototypeOf(blob, new Proxy(Blob.prototype, { get: (t, k) => (note(k), undefined) })); return blob; };
  const symbolsOf = (o) => o === null || o === undefined ? [] : [...Object.getOwnPropertySymbols(o), ...symbolsOf(Object.getPrototypeOf(o))];
`;

export const NETWORK_ATTACKS: readonly Attack[] = [
  network("F11", "a socket by CONNECT through the dispatcher of fetch", DISPATCH("CONNECT")),
  network("F12", "a socket by an upgrade through the dispatcher of fetch", DISPATCH("GET")),
  network(
    "F13",
    "fetch with method CONNECT",
    `await fetch(this.ctx.options.web, { method: "CONNECT" }); return "sent";`,
  ),
  network("F14", "fetch with method TRACE", `await fetch(this.ctx.options.web, { method: "TRACE" }); return "sent";`),
  network(
    "F15",
    "a WebSocket to another host by the constructor",
    OPENED(`new (new WebSocket(${WS_URL}).constructor)("ws://" + this.ctx.options.other)`),
  ),
  network(
    "F16",
    "a WebSocket to another host by the prototype's constructor",
    OPENED(`new (Object.getPrototypeOf(new WebSocket(${WS_URL})).constructor)("ws://" + this.ctx.options.other)`),
  ),
  network(
    "F17",
    "a WebSocket to another host by Reflect.construct",
    OPENED(`Reflect.construct(WebSocket, ["ws://" + this.ctx.options.other], Object)`),
  ),
  network(
    "F18",
    "a socket among the properties of a WebSocket",
    `${FIND} const w = new WebSocket(${WS_URL}); w.onerror = () => {}; await pause(100); find(w); for (let p = w; p; p = Object.getPrototypeOf(p)) for (const k of Reflect.ownKeys(p)) try { find(w[k]); } catch {} return caught || (w._socket ? "_socket" : "");`,
  ),
  network(
    "F19",
    "a socket from a WebSocket's upgrade event",
    `${FIND} const w = new WebSocket(${WS_URL}); for (const n of ["upgrade", "unexpected-response", "redirect", "open", "error"]) w.on(n, (...a) => a.forEach((x) => find(x))); await pause(150); return caught;`,
  ),
  network(
    "F20",
    "options of a WebSocket that choose its socket",
    `let used = ""; const w = new (require("ws"))(${WS_URL}, { createConnection() { used = "called"; }, agent: { addRequest() { used = "agent"; } }, lookup() { used = "lookup"; } }); w.on("error", () => {}); await new Promise((r) => setTimeout(r, 150)); return used;`,
  ),
  network("F21", "a WebSocket to a unix socket", OPENED(`new WebSocket("ws+unix:///tmp/x.sock:/")`)),
  network(
    "F22",
    "the real process by a replaced Function.prototype.apply and process.exit",
    `${FIND} for (const k of ["call", "apply"]) { const old = Function.prototype[k]; Function.prototype[k] = function (t, ...r) { find(t); return Reflect.apply(old, this, [t, ...r]); }; } try { process.exit(0); } catch {} return caught;`,
  ),
  network("F23", "the runtime's objects by a defined Function.prototype.apply", SPY("Function.prototype", `"apply"`)),
  network("F24", "the runtime's objects by a defined Function.prototype.call", SPY("Function.prototype", `"call"`)),
  network("F25", "the runtime's objects by a defined Function.prototype.bind", SPY("Function.prototype", `"bind"`)),
  network(
    "F26",
    "the worker's port by kHybridDispatch on EventTarget.prototype",
    SPY("EventTarget.prototype", `Symbol.for("nodejs.internal.kHybridDispatch")`),
  ),
  network(
    "F27",
    "the worker's port by kCurrentlyReceivingPorts on Event.prototype",
    SPY("Event.prototype", `Symbol.for("nodejs.internal.kCurrentlyReceivingPorts")`),
  ),
  network(
    "F28",
    "the worker's port by EventTarget.prototype.dispatchEvent",
    SPY("EventTarget.prototype", `"dispatchEvent"`),
  ),
  network(
    "F29",
    "the worker's port by a new prototype of EventTarget.prototype",
    `${FIND} Object.setPrototypeOf(EventTarget.prototype, new Proxy({}, { get(_t, _k, self) { find(self); } })); await use(); return caught;`,
  ),
  network(
    "F30",
    "the runtime's objects by setters on the indexes of Array.prototype",
    `${FIND} for (let i = 0; i < 64; i++) Object.defineProperty(Array.prototype, i, { configurable: true, get() {}, set(v) { find(v); Object.defineProperty(this, i, { value: v, writable: true, configurable: true, enumerable: true }); } }); try { await use(); } finally { for (let i = 0; i < 64; i++) delete Array.prototype[i]; } return caught;`,
  ),
  network("F31", "the runtime's objects by Map.prototype.get", SPY("Map.prototype", `"get"`)),
  network("F32", "the runtime's objects by Promise.prototype.then", SPY("Promise.prototype", `"then"`)),
  network(
    "F33",
    "the runtime's objects by Uint8Array.prototype.set",
    SPY("Object.getPrototypeOf(Uint8Array.prototype)", `"set"`),
  ),
  network("F34", "the runtime's objects by Array.prototype.push", SPY("Array.prototype", `"push"`)),
  network(
    "F35",
    "defining the dispatcher's symbol again",
    `for (const s of Object.getOwnPropertySymbols(globalThis).filter((x) => String(x).includes("ispatcher"))) Object.defineProperty(globalThis, s, { value: { dispatch: () => true } }); return "defined";`,
  ),
  network(
    "F36",
    "a dispatcher as an option of fetch",
    `let used = ""; await fetch(this.ctx.options.web, { dispatcher: { dispatch() { used = "used"; return true; } } }); return used;`,
  ),
  network(
    "F37",
    "a dispatcher as an option of Request",
    `let used = ""; await fetch(new Request(this.ctx.options.web, { dispatcher: { dispatch() { used = "used"; return true; } } })); return used;`,
  ),
  network(
    "F38",
    "headers that ask for an upgrade",
    `const r = await fetch(this.ctx.options.web, { headers: { connection: "upgrade", upgrade: "websocket", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" } }); return r.status === 101 ? "upgraded" : "";`,
  ),
  network(
    "F39",
    "a line break in a header",
    `await fetch(this.ctx.options.web, { headers: { "x-a": "b\\r\\nhost: c" } }); return "sent";`,
  ),
  network("F40", "a file address", `return await (await fetch("file://" + this.ctx.options.canaryFile)).text();`),
  network("F41", "a unix socket as the address", `return await (await fetch("unix:/var/run/docker.sock")).text();`),
  address("F42", "a loopback address as one number", "2130706433", ["localhost"]),
  address("F43", "a loopback address in hexadecimal", "0x7f.1", ["localhost"]),
  address("F44", "a loopback address in octal", "0177.0.0.1", ["localhost"]),
  address("F45", "a loopback address that is mapped to IPv6", "[::ffff:127.0.0.1]"),
  address("F46", "the IPv6 loopback address", "[::1]"),
  address("F47", "the unspecified address", "0.0.0.0"),
  address("F48", "localhost by name", "localhost"),
  address("F49", "localhost with a final dot", "localhost."),
  address("F50", "the address of cloud metadata", "169.254.169.254"),
  address("F51", "a private address", "10.0.0.1"),
  address("F52", "an address of carrier-grade NAT", "100.64.0.1"),
  address("F53", "a private address that is mapped to IPv6", "[::ffff:10.0.0.1]"),
  tcp(
    "F54",
    "a descriptor by a class of the granted socket's prototype chain",
    `let opened = ""; for (let p = net.connect(this.ctx.options.port, "127.0.0.1"); p; p = Object.getPrototypeOf(p)) for (const o of [{ fd: 3 }, { fd: 1 }]) try { const s = new p.constructor(o); if (s._handle) opened = "descriptor " + o.fd; } catch {} return opened;`,
  ),
  tcp("F55", "a unix socket by net.connect", OPENED(`net.connect({ path: "../desk.sock" })`)),
  tcp("F56", "the granted port of another address", OPENED(`net.connect(this.ctx.options.port, "127.0.0.2")`)),
  tcp(
    "F57",
    "another address by the option lookup",
    `let used = ""; await new Promise((resolve) => { const s = net.connect({ port: this.ctx.options.port, host: "127.0.0.1", lookup: () => (used = "called") }); s.on("connect", resolve); s.on("error", resolve); }); return used;`,
  ),
  tcp(
    "F58",
    "another address by connect with another receiver",
    OPENED(
      `net.Socket.prototype.connect.call(new (Object.getPrototypeOf(net.Socket))(), this.ctx.options.port, "127.0.0.2")`,
    ),
  ),
  tcp("F59", "listening on a port", `net.createServer().listen(0); return "listens";`),
  network("F60", "a WebSocket server", `new (require("ws").WebSocketServer)({ port: 0 }); return "listens";`, {
    head: `import "ws";`,
  }),
  ...["BroadcastChannel", "MessageChannel", "MessagePort", "EventSource", "PerformanceObserver"].map((name, index) =>
    network(`F${61 + index}`, `the global ${name}`, `return typeof globalThis.${name} === "undefined" ? "" : "there";`),
  ),
  network("F66", "locks that all threads share", `await navigator.locks.request("x", () => {}); return "locked";`),
  network("F67", "storage that all threads share", `localStorage.setItem("a", "1"); return "stored";`),
  network("F68", "the real standard input", `return process.stdin ? "there" : "";`),
  network(
    "F69",
    "shared memory as a request body",
    `const body = new Uint8Array(new SharedArrayBuffer(8)); const r = await fetch(this.ctx.options.web, { method: "POST", body }); return r.ok ? "" : "sent";`,
    { note: "the bytes are copied before they are sent" },
  ),
  network(
    "F70",
    "the caller of a function that the runtime calls",
    `${FIND} const f = Function("find", "return function f() { let c = f.caller; for (let i = 0; i < 20 && c; i++) { find(c); try { for (const a of c.arguments) find(a); } catch {} c = c.caller; } }")(find); setTimeout(f, 1); process.nextTick(f); const w = new WebSocket(${WS_URL}); w.onerror = f; w.on("open", f); await fetch({ toString: () => (f(), this.ctx.options.web) }).catch(() => 0); await pause(60); return caught;`,
  ),
  network(
    "F71",
    "a port by the methods with which the runtime transfers streams and signals",
    `${FIND} for (const make of [() => new ReadableStream(), () => new WritableStream(), () => new TransformStream(), () => new AbortController().signal, () => AbortSignal.timeout(9e5)]) for (let p = make(); p; p = Object.getPrototypeOf(p)) for (const s of Object.getOwnPropertySymbols(p)) { const o = make(); try { find(o[s]()); } catch {} for (const state of Object.getOwnPropertySymbols(o)) find(o[state]); } return caught;`,
  ),
  network(
    "F72",
    "a handle of any file by a copy that names an internal class of the runtime",
    `${COPIES} const copies = [(v) => structuredClone(v), (v) => performance.mark("x", { detail: v }).detail, (v) => new PerformanceMark("x", { detail: v }).detail]; const clone = symbolsOf(new Blob([])).find((s) => String(s).includes("messaging_clone")); for (const copy of copies) { try { copy(asked()); } catch {} if (clone) try { const blob = new Blob([]); Object.defineProperty(blob, clone, { value: () => ({ data: { handle: { fd: 1 } }, deserializeInfo: "internal/fs/promises:FileHandle" }) }); const { mode } = await copy(blob).stat(); caught = "stat of descriptor 1: " + mode; } catch {} } return caught;`,
  ),
];
