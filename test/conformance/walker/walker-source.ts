/**
 * The source of an adapter that walks every object that it can reach and reports native handles. Walking alone finds
 * what is reachable; the probes change the realm while the network is in use, to catch objects of the runtime that
 * pass by.
 */

/** Names of classes that belong to the runtime's network and process code. */
const NATIVE_NAMES = [
  "TCP|TTY|Pipe|TLSWrap|TLSSocket|Socket|UDP|Process|ChildProcess|FileHandle|FSReqCallback|FSEvent|StatWatcher|Worker",
  "GetAddrInfoReqWrap|QueryReqWrap|ChannelWrap|TCPConnectWrap|PipeConnectWrap|LibuvStreamWrap|HandleWrap|ReadStream",
  "WriteStream|HTTPParser|ClientRequest|IncomingMessage|Client|Pool|Dispatcher|ProxyAgent|EnvHttpProxyAgent|BalancedPool",
  "JSStream|Signal|MessagePort|SecureContext|Receiver|Sender|EventSource",
].join("|");

/** Methods of the adapter: `cancelOrder` returns the report. */
export const WALKER_METHODS = `
  async cancelOrder(): Promise<any> {
    const { web, tcp, other } = this.ctx.options;
    const base = "http://" + web, stream = "ws://" + web, [host, port] = tcp.split(":");
    const probes: any = {}, hits: string[] = [], seen = new Map(), queue: any[] = [];
    let getters = 0;
    const NAMES = /^(${NATIVE_NAMES})$/;
    const apply = Reflect.apply, define = Object.defineProperty, own = Reflect.getOwnPropertyDescriptor, keysOf = Reflect.ownKeys, parentOf = Reflect.getPrototypeOf;
    const isObject = (v: any) => (typeof v === "object" && v !== null) || typeof v === "function";
    const push = (v: any, path: string) => { if (isObject(v) && !seen.has(v)) { seen.set(v, path); queue.push([v, path]); } };
    const OWN = new Set([WS, net.Socket, parentOf(net.Socket), net.connect(1, "x").on("error", () => {}).constructor]);
    const nameOf = (v: any) => { try { const d: any = own(v, "name"); return typeof d?.value === "string" ? d.value : ""; } catch { return ""; } };
    const classOf = (v: any) => { try { for (let p = parentOf(v), i = 0; p && i < 8; p = parentOf(p), i++) { const c: any = own(p, "constructor"); if (c && typeof c.value === "function") return c.value; } } catch {} return undefined; };
    const isHandleClass = (f: any) => { const p: any = own(f, "prototype")?.value; if (!isObject(p)) return false; const all = new Set(); for (let q = p, i = 0; q && i < 6; q = parentOf(q), i++) for (const k of keysOf(q)) all.add(k); return ["getAsyncId", "getProviderType", "hasRef", "ref", "unref", "close"].every((k) => all.has(k)); };
    const isBad = (v: any) => { try { const c = typeof v === "function" ? v : classOf(v); if (c === undefined || OWN.has(c)) return ""; if (isHandleClass(c)) return "handle " + nameOf(c); if (NAMES.test(nameOf(c))) return nameOf(c); if (typeof v !== "function" && Object.prototype.toString.call(v) === "[object process]" && v !== process) return "process"; if (typeof v === "function" && /^(getBuiltinModule|_linkedBinding|binding|internalBinding|dlopen|_kill|reallyExit|createRequire|moveMessagePortToContext)$/.test(nameOf(v))) return nameOf(v); } catch {} return ""; };
    const look = (v: any, path: string) => { const bad = isBad(v); if (bad !== "") hits.push(bad + " @ " + path.slice(0, 160)); };
    const calm = (v: any) => { if (v instanceof Promise) v.catch(() => {}); return v; };
    const step = (v: any, path: string) => {
      look(v, path);
      try { push(parentOf(v), path + ".__proto__"); } catch {}
      let keys: any[] = []; try { keys = keysOf(v); } catch {}
      if (ArrayBuffer.isView(v)) keys = keys.filter((k) => typeof k === "symbol");
      for (const k of keys.slice(0, 5000)) {
        const at = path + "." + String(k); let d: any; try { d = own(v, k); } catch { continue; }
        if (!d) continue;
        if ("value" in d) { push(d.value, at); continue; }
        push(d.get, at + ".get"); push(d.set, at + ".set");
        if (d.get) try { getters++; push(calm(apply(d.get, v, [])), at); } catch (e) { push(e, at + "!"); }
      }
      for (let p: any = parentOf(v), i = 0; p && i < 8; p = parentOf(p), i++) for (const k of keysOf(p)) {
        if (k === "__proto__") continue; let d: any; try { d = own(p, k); } catch { continue; }
        if (d?.get) try { getters++; push(calm(apply(d.get, v, [])), path + "~" + String(k)); } catch {}
      }
      try { if (v instanceof Map) for (const [a, b] of v) { push(a, path + ".key"); push(b, path + ".value"); } else if (v instanceof Set) for (const a of v) push(a, path + ".item"); } catch {}
    };
    const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));
    const probe = async (name: string, run: any) => { try { probes[name] = await Promise.race([run(), wait(1500).then(() => "no answer")]); } catch (e: any) { probes[name] = "closed: " + String(e?.message ?? e).slice(0, 100); push(e, "error of " + name); } };
    /** Uses everything of the network once. */
    const exercise = async () => {
      await fetch(base + "/x").then((r) => r.text()).catch(() => {});
      const w: any = new WS(stream); w.on("error", () => {}); w.onmessage = () => w.close();
      const s: any = net.connect(Number(port), host); s.on("error", () => {}); s.on("connect", () => s.end("x")); s.resume();
      console.log("a"); process.nextTick(() => {}); structuredClone({ a: 1 }); randomBytes(4, () => {}); gzip("a", () => {});
      await this.ctx.store.get("x"); await wait(80); w.terminate?.(); s.destroy();
    };
    const caughtBy = (path: string) => { const caught = new Set<string>(); const visited = new Set(); const take = (v: any, d = 0) => { if (!isObject(v) || d > 2 || visited.size > 5000 || visited.has(v) || seen.has(v)) return; visited.add(v); const bad = isBad(v); if (bad !== "") { caught.add(bad); push(v, path); } if (ArrayBuffer.isView(v)) return; for (const k of keysOf(v).slice(0, 200)) { let x: any; try { x = own(v, k); } catch { continue; } if (x && "value" in x) take(x.value, d + 1); } }; return { caught, take }; };
    const report = ({ caught }: any) => (caught.size > 0 ? "OPEN: " + [...caught].slice(0, 6).join(", ") : "nothing caught");
    const override = async (name: string, targets: any[]) => probe(name, async () => {
      const record = caughtBy("caught by " + name); const undo: any[] = []; let busy = false;
      for (const target of targets) for (const k of [...keysOf(target), Symbol.for("nodejs.internal.kHybridDispatch"), Symbol.for("nodejs.internal.kCurrentlyReceivingPorts")]) {
        const d: any = own(target, k); if (k === "constructor" || k === Symbol.iterator || k === "next" || (d && typeof d.value !== "function")) continue;
        const old = d?.value;
        try { define(target, k, { configurable: true, writable: true, value: function (this: any, ...args: any[]) { if (!busy) { busy = true; try { record.take(this); for (const a of args) record.take(a); } catch {} busy = false; } return old === undefined ? undefined : apply(old, this, args); } }); undo.push(() => (d ? define(target, k, d) : delete target[k])); } catch {}
      }
      try { await exercise(); } finally { for (const u of undo) u(); }
      return report(record);
    });

    push(globalThis, "globalThis"); push(this, "this"); push(this.ctx, "ctx"); push(require, "require"); push(module, "module");
    for (const [name, found] of Object.entries({ assert, buffer, crypto, events, path, punycode, querystring, streams, streamPromises, streamWeb, decoder, timers, timersPromises, urls, util, types, zlib, WS, net, sdk })) push(found, name);
    for (const name of ["fs", "worker_threads", "async_hooks", "diagnostics_channel"]) try { push(require(name), name); } catch (e) { push(e, name + "!"); }
    push((function (this: any) { return this; })(), "this of a function"); push((function () { return arguments; })(), "arguments"); push(Function("return this")(), "this of Function");
    await probe("fetch", async () => { const r: any = await fetch(base + "/x"); push(r, "Response"); push(r.body, "body"); push(r.clone(), "clone"); push(r.headers, "headers"); push(r.body?.getReader(), "reader"); return "made"; });
    await probe("long body", async () => { const r: any = await fetch(base + "/long"); push(r.body, "long body"); const reader = r.body.getReader(); push(reader, "long reader"); push(await reader.read(), "chunk"); await reader.cancel(); return "read"; });
    await probe("Request", async () => { push(new Request(base, { method: "POST", body: "a", signal: AbortSignal.timeout(5000) }), "Request"); push(new FormData(), "FormData"); push(new Blob(["a"]).stream(), "Blob stream"); return "made"; });
    await probe("fetch error", async () => { await fetch("http://127.0.0.1:1/"); });
    await probe("WebSocket", () => new Promise((ok) => { const w: any = new WS(stream); push(w, "WebSocket"); for (const n of ["open", "message", "error", "close", "ping", "pong", "upgrade", "unexpected-response", "redirect"]) w.on(n, function (this: any, ...a: any[]) { push(this, n + " this"); a.forEach((x, i) => push(x, n + " argument " + i)); }); w.onmessage = (e: any) => { push(e, "message event"); w.close(); }; w.on("close", () => ok("closed")); }));
    await probe("a WebSocket by the prototype's constructor to another host", async () => { const w: any = new WS(stream); w.on("error", () => {}); const C: any = Object.getPrototypeOf(w).constructor; return await new Promise((ok) => { const x: any = new C("ws://" + other); x.on("error", (e: any) => ok("closed: " + e.message)); x.on("open", () => ok("OPEN")); }).finally(() => w.terminate()); });
    await probe("TCP", () => new Promise((ok) => { const s: any = net.connect(Number(port), host); push(s, "socket"); s.on("connect", function (this: any) { push(this, "socket this"); s.write("x"); }); s.on("data", (d: any) => { push(d, "socket data"); s.destroy(); ok("echoed"); }); s.on("error", (e: any) => { push(e, "socket error"); ok(e.message); }); }));
    await probe("ctx", async () => { push(await this.ctx.store.get("a"), "store"); try { this.ctx.secret("no"); } catch (e) { push(e, "ctx error"); } return "ok"; });
    for (const s of Object.getOwnPropertySymbols(globalThis).filter((x) => String(x).includes("ispatcher"))) for (const method of ["GET", "CONNECT"]) await probe(String(s) + " " + method, async () => { const record = caughtBy("dispatch"); (globalThis as any)[s].dispatch({ origin: base, path: "/", method, headers: {} }, new Proxy({}, { has: () => true, get: (_t, k) => (typeof k === "symbol" || k === "then" ? undefined : (...a: any[]) => { a.forEach((x) => record.take(x)); return true; }) })); await wait(200); return report(record); });
    await probe("a dispatcher as an option of fetch", async () => { const record = caughtBy("own dispatcher"); await fetch(base + "/x", { dispatcher: { dispatch(...a: any[]) { a.forEach((x) => record.take(x)); return true; } } } as any); return report(record); });
    const late = "return import('node:net')";
    for (const [name, load] of Object.entries({ "import by Function": () => Function(late)(), "import by eval": () => (0, eval)("import('node:net')"), "import in a microtask": () => Promise.resolve(late).then(Function).then((f: any) => f()), "import by AsyncFunction": () => (async () => {}).constructor(late)(), "import in a timer": () => new Promise((ok, no) => setTimeout(() => Function(late)().then(ok, no), 1)) })) await probe(name, async () => { push(await (load as any)(), name); return "OPEN"; });
    await probe("call sites of an error", async () => { const record = caughtBy("call site"); const old = Error.prepareStackTrace; Error.stackTraceLimit = 50; Error.prepareStackTrace = (_e, sites) => { for (const s of sites as any[]) for (const m of ["getThis", "getFunction", "getEvalOrigin"]) record.take(s[m]()); return ""; }; const touch = () => void new Error("x").stack; touch(); await fetch(base + "/x").then(touch); setImmediate(touch); process.nextTick(touch); const w: any = new WS(stream); w.onmessage = touch; w.on("open", touch); this.ctx.logger.info("x", { toJSON: touch }); await wait(60); w.terminate(); Error.prepareStackTrace = old; return report(record); });
    await probe("the caller of a function", async () => { const record = caughtBy("caller"); const f = Function("take", "return function f() { let c = f.caller; for (let i = 0; i < 20 && c; i++) { take(c); try { take(c.arguments); } catch {} try { c = c.caller; } catch { break; } } }")(record.take); setTimeout(f, 1); setImmediate(f); process.nextTick(f); queueMicrotask(f); const w: any = new WS(stream); w.onmessage = f; w.on("open", f); this.ctx.logger.info("x", { toJSON: f }); await fetch({ toString: () => (f(), base + "/x") } as any).catch(() => {}); await wait(60); w.terminate(); return report(record); });
    await override("Function.prototype", [Function.prototype]);
    await override("Array, Map, Set and WeakMap", [Array.prototype, Map.prototype, Set.prototype, WeakMap.prototype]);
    await override("Promise.prototype", [Promise.prototype]);
    await override("EventEmitter and the streams", [events.EventEmitter.prototype, streams.Duplex.prototype, streams.Readable.prototype, streams.Writable.prototype, streams.Stream.prototype]);
    await override("EventTarget and events", [EventTarget.prototype, Event.prototype, MessageEvent.prototype, AbortSignal.prototype]);
    await override("buffers", [Buffer.prototype, Uint8Array.prototype, parentOf(Uint8Array.prototype), ArrayBuffer.prototype]);
    await override("Object.prototype", [Object.prototype]);
    await override("constructors and static methods", [Object, Array, Promise, Reflect, JSON, Buffer, Symbol, Number, String]);
    await override("strings and regular expressions", [String.prototype, RegExp.prototype]);
    await override("web classes", [Request.prototype, Response.prototype, Headers.prototype, FormData.prototype, ReadableStream.prototype, URL.prototype, URLSearchParams.prototype, Blob.prototype]);
    for (const target of [Promise, Array, ArrayBuffer, Map, RegExp] as any[]) await probe("Symbol.species of " + target.name, async () => { const record = caughtBy("species"); const d: any = own(target, Symbol.species); define(target, Symbol.species, { configurable: true, get() { record.take(this); return target; } }); try { await exercise(); } finally { define(target, Symbol.species, d); } return report(record); });
    for (const target of [EventTarget, Promise, Uint8Array, Function] as any[]) await probe("Symbol.hasInstance of " + target.name, async () => { const record = caughtBy("hasInstance"); const is = Function.prototype[Symbol.hasInstance]; define(target, Symbol.hasInstance, { configurable: true, value(v: any) { record.take(v); return apply(is, this, [v]); } }); try { await exercise(); } finally { delete target[Symbol.hasInstance]; } return report(record); });
    await probe("setters on the indexes of Array.prototype", async () => { const record = caughtBy("index setter"); let busy = false; for (let i = 0; i < 64; i++) Object.defineProperty(Array.prototype, i, { configurable: true, get() { return undefined; }, set(v) { Object.defineProperty(this, i, { value: v, writable: true, configurable: true, enumerable: true }); if (!busy) { busy = true; try { record.take(v); record.take(this); } catch {} busy = false; } } }); try { await exercise(); } finally { for (let i = 0; i < 64; i++) delete (Array.prototype as any)[i]; } return report(record); });
    for (let n = 0; queue.length > 0 && n < 200_000; n++) { const [v, path] = queue.shift(); try { step(v, path); } catch {} }
    return { visited: seen.size, left: queue.length, getters, probes, hits: hits.slice(0, 50) };
  }
`;

export const WALKER_HEAD = `// @ts-nocheck
import * as assert from "node:assert"; import * as buffer from "node:buffer"; import * as crypto from "node:crypto"; import * as events from "node:events";
import * as path from "node:path"; import * as punycode from "node:punycode"; import * as querystring from "node:querystring"; import * as streams from "node:stream";
import * as streamPromises from "node:stream/promises"; import * as streamWeb from "node:stream/web"; import * as decoder from "node:string_decoder";
import * as timers from "node:timers"; import * as timersPromises from "node:timers/promises"; import * as urls from "node:url"; import * as util from "node:util";
import * as types from "node:util/types"; import * as zlib from "node:zlib"; import WS from "ws"; import net from "node:net"; import * as sdk from "@qoc-app/sdk";
const { randomBytes } = crypto, { gzip } = zlib;
`;
