/**
 * Attacks on the worker thread: exits, exceptions, endless loops, memory, and native calls that cannot be interrupted.
 */
import type { Attack } from "./attacks.ts";

function threadAttack(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return {
    id,
    group: "threads",
    title,
    code,
    expect: "contained",
    ...more,
  };
}
const HANG = "await new Promise(() => {});";
const HOLD = "await new Promise((r) => setTimeout(r, this.ctx.options.holdMs));";
/**
 * Memory is filled in pieces of a megabyte, because a thread cannot be ended inside one native call, and a busy machine
 * needs seconds to fill hundreds of megabytes.
 */
const PIECE = 1_048_576;
/** V8 aborts the process if one allocation exceeds the heap limit by more than its reserve. */
const LARGE_ALLOCATION = {
  expect: { worker: ["contained", "host crashes", "refused", "zombie"], process: ["contained", "refused"] },
} as const;
function largeAllocation(id: string, title: string, code: string): Attack {
  return threadAttack(
    id,
    `one large allocation: ${title}`,
    `const keep = []; keep.push((() => { ${code} })()); return "";`,
    {
      ...LARGE_ALLOCATION,
      note: "documented: V8 aborts the whole process, not the thread alone",
    },
  );
}
/** A native call continues although its thread is being terminated. */
const NATIVE_CALL = {
  expect: { worker: ["zombie", "contained", "refused"], process: ["contained", "refused"] },
} as const;

export const THREAD_ATTACKS: readonly Attack[] = [
  threadAttack("A01", "process.exit", `process.exit(3); ${HANG}`),
  threadAttack("A02", "an error thrown later", `setTimeout(() => { throw new Error("late"); }, 1); ${HANG}`),
  threadAttack("A03", "an unhandled rejection", `void Promise.reject(new Error("nobody")); ${HANG}`),
  threadAttack("A04", "an endless loop", "for (;;);"),
  threadAttack("A05", "Atomics.wait forever", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"),
  threadAttack("A06", "a stack overflow in the call", "const f = () => 1 + f(); return f();", { expect: "refused" }),
  threadAttack("A07", "a stack overflow later", `const f = () => 1 + f(); setTimeout(f, 1); ${HANG}`),
  threadAttack("A08", "endless microtasks", "const again = () => Promise.resolve().then(again); await again();"),
  threadAttack("A09", "a regular expression with exponential backtracking", `/^(a+)+$/.test("a".repeat(40) + "b");`),
  threadAttack("A10", "heap exhaustion by small objects", "const keep = []; for (;;) keep.push({ a: keep.length });"),
  largeAllocation("A11", "JSON.parse of a large body", `return JSON.parse("[" + "1,".repeat(3e7) + "1]");`),
  largeAllocation("A12", "new Array(n).fill().map", "return new Array(5e7).fill(0).map((_, i) => ({ i }));"),
  largeAllocation("A13", "Array.from", "return Array.from({ length: 5e7 }, (_, i) => ({ i }));"),
  largeAllocation("A14", "a growing Set", "const s = new Set(); for (let i = 0; i < 1.6e7; i++) s.add(i); return s;"),
  largeAllocation(
    "A15",
    "a growing Map",
    "const m = new Map(); for (let i = 0; i < 1.6e7; i++) m.set(i, i); return m;",
  ),
  largeAllocation("A16", "match(/a/g)", `return "a".repeat(5e7).match(/a/g);`),
  largeAllocation("A17", "split", `return "a,".repeat(4e7).split(",");`),
  largeAllocation("A18", "BigInt", "let b = 1n; for (let i = 0; i < 31; i++) b = (b << 1n) ** 2n; return b;"),
  largeAllocation(
    "A19",
    "Object.fromEntries",
    "return Object.fromEntries(Array.from({ length: 1e7 }, (_, i) => ['k' + i, i]));",
  ),
  largeAllocation("A20", "join of a large array", `return new Array(3e7).fill("abcdefgh").join("");`),
  largeAllocation("A21", "structuredClone", "return structuredClone(new Array(2e7).fill(0).map((_, i) => [i]));"),
  largeAllocation("A22", "spread of a large array", "return [...new Array(1e8).keys()];"),
  largeAllocation(
    "A23",
    "sort of a large array",
    "return Array.from({ length: 2e7 }, () => Math.random()).sort().map(String);",
  ),
  largeAllocation("A24", "JSON.stringify", "return JSON.stringify(new Array(5e7).fill({ a: 1 }));"),
  largeAllocation("A25", "replaceAll", `return "a".repeat(4e7).replaceAll("a", "bcdefgh").split("b");`),
  threadAttack(
    "A26",
    "memory outside the heap: ArrayBuffers",
    `const keep = []; for (let i = 0; i < 320; i++) keep.push(new Uint8Array(${PIECE}).fill(1)); ` +
      `${HOLD} return "held " + keep.length + " MB";`,
    {
      // A machine that needs long to fill the memory answers no ping meanwhile, and the worker is ended.
      expect: { worker: ["succeeds", "contained"], process: "contained" },
      note: "a thread's memory limit covers only the heap",
    },
  ),
  threadAttack(
    "A27",
    "memory outside the heap: WebAssembly",
    `const bytes = new Uint8Array(new WebAssembly.Memory({ initial: 6144 }).buffer); ` +
      `for (let at = 0; at < bytes.length; at += ${PIECE}) bytes.fill(1, at, at + ${PIECE}); ` +
      `${HOLD} return "held 384 MB";`,
    {
      // A machine that needs long to fill the memory answers no ping meanwhile, and the worker is ended.
      expect: { worker: ["succeeds", "contained"], process: "contained" },
      note: "a thread's memory limit covers only the heap",
    },
  ),
  threadAttack(
    "A28",
    "memory outside the heap: external strings",
    `const keep = []; for (let i = 0; i < 200; i++) keep.push(Buffer.alloc(2 * ${PIECE}, "a").toString("latin1")); ` +
      `${HOLD} return "held " + keep.length * 2 + " MB";`,
    {
      head: `import { Buffer } from "node:buffer";`,
      expect: { worker: ["succeeds", "contained", "host crashes"], process: "contained" },
      note: "a thread's memory limit covers only the heap",
    },
  ),
  threadAttack("A29", "process.abort", "process.abort();", { expect: "refused" }),
  threadAttack("A30", "process.kill of itself", "process.kill(process.pid, 'SIGKILL');", { expect: "refused" }),
  threadAttack("A31", "process.kill of its parent", "process.kill(process.ppid, 'SIGKILL');", { expect: "refused" }),
  threadAttack(
    "A32",
    "closing file descriptors 3 to 63",
    `let n = 0; for (let fd = 3; fd < 64; fd++) { try { fs.closeSync(fd); n++; ` +
      `} catch {} } return n ? "closed " + n : "";`,
    {
      head: `import fs from "node:fs";`,
      expect: "refused",
    },
  ),
  threadAttack("A33", "pbkdf2Sync for many seconds", `crypto.pbkdf2Sync("a", "b", 60_000_000, 64, "sha512");`, {
    head: `import crypto from "node:crypto";`,
    ...NATIVE_CALL,
  }),
  threadAttack(
    "A34",
    "scryptSync for many seconds",
    `for (;;) crypto.scryptSync("a", "b", 64, { N: 2 ** 20, r: 8, p: 16, maxmem: 2 ** 31 });`,
    { head: `import crypto from "node:crypto";`, ...NATIVE_CALL },
  ),
  threadAttack(
    "A35",
    "brotli of a large buffer",
    `for (;;) zlib.brotliCompressSync(Buffer.alloc(80_000_000, "ab c"));`,
    {
      head: `import zlib from "node:zlib"; import { Buffer } from "node:buffer";`,
      ...NATIVE_CALL,
    },
  ),
  threadAttack(
    "A36",
    "an endless loop in WebAssembly",
    `const bytes = new ` +
      `Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]); new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f();`,
  ),
  threadAttack("A37", "a call that awaits forever", "for (;;) { await Promise.resolve(); }"),
  threadAttack(
    "A38",
    "a thrown object that has no text",
    `setTimeout(() => { throw { toString: 1, valueOf: 1 }; }, 1); ${HANG}`,
  ),
  threadAttack(
    "A39",
    "a thrown error whose stack is no text",
    `setTimeout(() => { throw Object.defineProperty(new Error("late"), "stack", { value: 42 }); }, 1); ${HANG}`,
  ),
  threadAttack(
    "A40",
    "a thrown object that is nested more deeply than the desk's thread can read",
    `let deep = []; for (let i = 0; i < 9000; i++) deep = [deep]; setTimeout(() => { throw deep; }, 1); ${HANG}`,
  ),
  threadAttack(
    "A41",
    "a thrown error whose copy for the desk's thread is damaged",
    `Buffer.concat = () => Buffer.from([0, 1]); setTimeout(() => { throw new Error("late"); }, 1); ${HANG}`,
  ),
];
