/** Escape attempts: built-in modules, native code, threads, and process-wide settings. */
import type { Attack } from "./attacks.ts";

function escape(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return {
    id,
    group: "escapes",
    title,
    code,
    expect: "refused",
    ...more,
  };
}
/** A static import: the bundler refuses the adapter before any of its code runs. */
function imported(id: string, name: string): Attack {
  return escape(id, `import of ${name}`, "return Object.keys(found).join();", {
    head: `import * as found from "node:${name}";`,
    expect: "contained",
    note: "the adapter does not load",
  });
}
function late(name: string, use: string): string {
  return `const found = process.getBuiltinModule?.(${JSON.stringify(name)}) ?? (await new Function("n", "return import(n)")(${JSON.stringify(`node:${name}`)})); ${use}`;
}

export const ESCAPE_ATTACKS: readonly Attack[] = [
  imported("C01", "child_process"),
  imported("C02", "worker_threads"),
  imported("C03", "inspector"),
  imported("C04", "v8"),
  imported("C05", "net"),
  imported("C06", "http"),
  imported("C07", "dgram"),
  imported("C08", "dns"),
  imported("C09", "os"),
  imported("C10", "vm"),
  imported("C11", "module"),
  imported("C12", "cluster"),
  imported("C13", "wasi"),
  imported("C14", "tls"),
  escape("C20", "child_process at run time", late("child_process", `return found.execSync("id").toString();`)),
  escape("C21", "process.binding('spawn_sync')", "return String(Object.keys(process.binding('spawn_sync')));"),
  escape("C22", "process.binding('fs')", "return String(Object.keys(process.binding('fs')));"),
  escape("C23", "process.dlopen", `process.dlopen({ exports: {} }, "/tmp/x.node"); return "loaded";`),
  escape("C24", "require of a .node file", `return String(require("/tmp/x.node"));`, {
    expect: ["contained", "refused"],
  }),
  escape(
    "C25",
    "inspector session with the main thread",
    late("inspector", `const s = new found.Session(); s.connectToMainThread(); return "connected";`),
  ),
  escape("C26", "inspector.open", late("inspector", `found.open(0); return found.url();`)),
  escape("C27", "a nested worker", late("worker_threads", `new found.Worker("1", { eval: true }); return "started";`)),
  escape(
    "C28",
    "a nested worker that shares the environment",
    late("worker_threads", `new found.Worker("1", { eval: true, env: found.SHARE_ENV }); return "started";`),
  ),
  escape(
    "C29",
    "a nested worker with --expose-internals",
    late(
      "worker_threads",
      `new found.Worker("1", { eval: true, execArgv: ["--expose-internals"] }); return "started";`,
    ),
  ),
  escape("C30", "a Web Worker", `return String(new Worker("data:text/javascript,1"));`),
  escape(
    "C31",
    "the real process object through new Function",
    `const p = new Function("return process")(); return p.kill || p.binding || p.mainModule ? "real" : "";`,
  ),
  escape(
    "C32",
    "the real process object through a constructor chain",
    `const p = this.constructor.constructor("return process")(); return p.kill || p.binding ? "real" : "";`,
  ),
  escape(
    "C33",
    "calling functions through an error's call sites",
    `const found = []; Error.prepareStackTrace = (_, sites) => { for (const s of sites) { const f = s.getFunction?.(); const t = s.getThis?.(); if (f) found.push(f); if (t && t !== this) found.push(t); } return ""; }; void new Error().stack; const names = found.map((f) => (typeof f === "function" ? f.name : Object.prototype.toString.call(f))).filter((n) => n !== "cancelOrder"); return names.join();`,
    {
      expect: { worker: ["refused", "succeeds"], process: ["refused", "succeeds"] },
      note: "functions of the worker's own realm may be visible; they cannot reach the desk",
    },
  ),
  escape("C34", "v8.setFlagsFromString", late("v8", `found.setFlagsFromString("--max-lazy"); return "set";`)),
  escape("C35", "process.permission.drop", `process.permission.drop("fs"); return "dropped";`),
  escape("C36", "process.chdir", `process.chdir("/"); return "moved";`),
  escape("C37", "process.umask", `return "umask " + process.umask(0);`),
  escape("C38", "process.setuid", `process.setuid(0); return "set";`),
  escape(
    "C39",
    "process.title",
    `const before = process.title; process.title = "evil"; return process.title === "evil" && before !== "evil" ? "renamed" : "";`,
  ),
  escape(
    "C40",
    "signal handlers",
    `let n = 0; process.on("SIGTERM", () => n++); return process.listenerCount("SIGTERM") ? "heard" : "";`,
  ),
  escape("C41", "process.emit and exitCode", `process.emit("SIGTERM"); return "emitted";`),
  escape("C42", "os.setPriority", late("os", `found.setPriority(19); return "set";`)),
  escape(
    "C43",
    "crypto.setFips and setEngine",
    `if (crypto.setFips) crypto.setFips(0); return crypto.setFips || crypto.setEngine ? "there" : "";`,
    { head: `import crypto from "node:crypto";` },
  ),
  escape(
    "C44",
    "the module loader through require's properties",
    `return typeof require === "function" && (require.cache || require.main) ? "loader" : "";`,
  ),
  escape(
    "C45",
    "the dispatcher behind fetch and its class",
    `const s = Object.getOwnPropertySymbols(globalThis).find((x) => String(x).includes("undici")); const d = globalThis[s]; const C = d.constructor; new C({ connect: { socketPath: "/tmp/x.sock" } }); return C.name;`,
  ),
  escape(
    "C46",
    "a raw socket through an upgrade request of the dispatcher",
    `const s = Object.getOwnPropertySymbols(globalThis).find((x) => String(x).includes("undici")); return await new Promise((resolve, reject) => { globalThis[s].dispatch({ origin: this.ctx.options.web, path: "/", method: "GET", upgrade: "websocket" }, { onConnect() {}, onError: reject, onUpgrade: (_s, _h, socket) => resolve(socket.constructor.name) }); });`,
  ),
  escape(
    "C47",
    "replacing the dispatcher behind fetch",
    `const s = Object.getOwnPropertySymbols(globalThis).find((x) => String(x).includes("undici")); globalThis[s] = { dispatch: () => true }; return "replaced";`,
  ),
  escape(
    "C48",
    "memory of the desk by the native object of a zlib stream",
    `const handle = new (zlib.createDeflate()._handle.constructor)(1); const list = new Uint32Array(2); handle.init(15, 9, 8, 0, list, () => {}, undefined); let c; new ReadableStream({ type: "bytes", start(x) { c = x; } }); c.enqueue(new Uint8Array(list.buffer)); handle.writeSync(4, new Uint8Array(9), 0, 9, new Uint8Array(99), 0, 99); return "wrote where the list was";`,
    { head: `import zlib from "node:zlib";` },
  ),
  escape(
    "C49",
    "a wrong call of the native object of a zlib stream",
    `zlib.createGzip()._handle.write(); return "written";`,
    {
      head: `import zlib from "node:zlib";`,
    },
  ),
  escape(
    "C50",
    "a wrong call of the native object of a hash",
    `const hash = crypto.createHash("sha1"); for (const s of Object.getOwnPropertySymbols(hash)) hash[s]?.update?.(); return "called";`,
    {
      head: `import crypto from "node:crypto";`,
      expect: { worker: "host crashes", process: "contained" },
      note: "documented: Node ends the whole process, not the thread alone",
    },
  ),
  escape(
    "C51",
    "memory outside of a list, by the length that it states",
    `const list = Buffer.from(new ArrayBuffer(64)), read = Buffer.alloc(4_096); for (const name of ["byteLength", "length"]) Object.defineProperty(list, name, { value: 1e9 }); for (let n = 0; n < 50; n++) { list.copy(read, 0, 64 + n, 4_160 + n); Buffer.concat([list, read]); if (read.some((byte) => byte !== 0)) return "read"; } throw new Error("nothing was read");`,
  ),
  escape(
    "C52",
    "memory outside of a stream of bytes, by its state",
    `let c; const stream = new ReadableStream({ type: "bytes", start(x) { c = x; } }); const key = Object.getOwnPropertySymbols(c).find((s) => String(s) === "Symbol(kState)"); const reader = stream.getReader({ mode: "byob" }); await 0; c.enqueue(new Uint8Array(64)); const state = c[key], first = state.queue.peek?.() ?? state.queue[0]; first.byteOffset = 4_096; first.byteLength = 60_000; state.queueTotalSize = 60_000; const { value } = await reader.read(new Uint8Array(60_000)); return "read " + value.length;`,
  ),
  escape(
    "C53",
    "memory that is taken away while a method of Buffer reads it",
    `const memory = new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 }), list = Buffer.from(memory); const text = list.latin1Slice({ valueOf() { memory.resize(0); return 0; } }, 2 ** 20); if (text.length > 0) return "read " + text.length; throw new Error("nothing was read");`,
  ),
  escape(
    "C54",
    "the state of a StringDecoder, which native code trusts",
    `const decoder = new StringDecoder("utf8"); const key = Object.getOwnPropertySymbols(decoder)[0] ?? Object.getOwnPropertySymbols(StringDecoder.prototype)[0]; decoder[key][4] = 4; decoder[key][5] = 200; decoder.write(Buffer.alloc(5, 0x80)); decoder[key] = Buffer.alloc(0); decoder.write(Buffer.alloc(5)); throw new Error("it has its own state");`,
    { head: `import { StringDecoder } from "node:string_decoder";` },
  ),
  escape(
    "C55",
    "another object in place of the native one of a TextDecoder",
    `const decoder = new TextDecoder("utf-16le"); for (const key of Object.getOwnPropertySymbols(decoder)) if (String(key) === "Symbol(handle)") decoder[key] = {}; decoder.decode(new Uint8Array(4)); throw new Error("it has its own object");`,
  ),
  escape(
    "C56",
    "a timer whose id is no number",
    `for (const timer of [setTimeout(() => {}, 1), setImmediate(() => {})]) for (const key of Object.getOwnPropertySymbols(timer)) if (typeof timer[key] === "number") timer[key] = NaN; await new Promise((resolve) => setTimeout(resolve, 50)); throw new Error("the process goes on");`,
  ),
  escape(
    "C57",
    "the ids of an asynchronous resource",
    `const { asyncResource } = new EventEmitterAsyncResource({ name: "x" }); for (const key of Object.getOwnPropertySymbols(asyncResource)) if (typeof asyncResource[key] === "number") asyncResource[key] = NaN; asyncResource.runInAsyncScope(() => {}); return "called";`,
    { head: `import { EventEmitterAsyncResource } from "node:events";` },
  ),
  escape(
    "C58",
    "a native getter called as a constructor",
    `const getters = Object.values(Object.getOwnPropertyDescriptors(URLPattern.prototype)).flatMap(({ get }) => get ?? []); for (let n = 0; n < 20_000; n++) for (const get of getters) Reflect.construct(get, []); return "called";`,
  ),
  escape(
    "C59",
    "memory that was not cleared",
    `const lists = Array.from({ length: 3_000 }, (_, n) => Buffer.allocUnsafeSlow([2_000, 4_000, 8_000, 30_000][n % 4])); lists.push(new Uint8Array(Buffer.from("").buffer), new Uint8Array(Buffer.from("a").buffer, 1)); if (lists.some((list) => list.some((byte) => byte !== 0))) return "read"; throw new Error("all is cleared");`,
  ),
];
