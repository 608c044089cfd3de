/** Ends of life: exits, throws, loops, memory, and native calls that nobody can interrupt. */
import type { Attack } from "./attacks.ts";

function end(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return {
    id,
    group: "ends",
    title,
    code,
    expect: "contained",
    ...more,
  };
}
const HANG = "await new Promise(() => {});";
const HOLD = "await new Promise((r) => setTimeout(r, this.ctx.options.holdMs));";
/** One allocation beyond what V8 grants after the limit ends the process that it happens in. */
const LARGE = {
  expect: { worker: ["contained", "host dies", "refused", "zombie"], process: ["contained", "refused"] },
} as const;
function large(id: string, title: string, code: string): Attack {
  return end(id, `one large allocation: ${title}`, `const keep = []; keep.push((() => { ${code} })()); return "";`, {
    ...LARGE,
    note: "documented: a thread shares the heap's fate with the desk",
  });
}
/** A native call goes on while its thread is being ended. */
const NATIVE = { expect: { worker: ["zombie", "contained", "refused"], process: ["contained", "refused"] } } as const;

export const END_ATTACKS: readonly Attack[] = [
  end("A01", "process.exit", `process.exit(3); ${HANG}`),
  end("A02", "an error thrown later", `setTimeout(() => { throw new Error("late"); }, 1); ${HANG}`),
  end("A03", "an unhandled rejection", `void Promise.reject(new Error("nobody")); ${HANG}`),
  end("A04", "an endless loop", "for (;;);"),
  end("A05", "Atomics.wait for ever", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"),
  end("A06", "a stack overflow in the call", "const f = () => 1 + f(); return f();", { expect: "refused" }),
  end("A07", "a stack overflow later", `const f = () => 1 + f(); setTimeout(f, 1); ${HANG}`),
  end("A08", "a storm of microtasks", "const again = () => Promise.resolve().then(again); await again();"),
  end("A09", "a regular expression without end", `/^(a+)+$/.test("a".repeat(40) + "b");`),
  end("A10", "the heap, by small objects", "const keep = []; for (;;) keep.push({ a: keep.length });"),
  large("A11", "JSON.parse of a large body", `return JSON.parse("[" + "1,".repeat(3e7) + "1]");`),
  large("A12", "new Array(n).fill().map", "return new Array(5e7).fill(0).map((_, i) => ({ i }));"),
  large("A13", "Array.from", "return Array.from({ length: 5e7 }, (_, i) => ({ i }));"),
  large("A14", "a growing Set", "const s = new Set(); for (let i = 0; i < 1.6e7; i++) s.add(i); return s;"),
  large("A15", "a growing Map", "const m = new Map(); for (let i = 0; i < 1.6e7; i++) m.set(i, i); return m;"),
  large("A16", "match(/a/g)", `return "a".repeat(5e7).match(/a/g);`),
  large("A17", "split", `return "a,".repeat(4e7).split(",");`),
  large("A18", "BigInt", "let b = 1n; for (let i = 0; i < 31; i++) b = (b << 1n) ** 2n; return b;"),
  large("A19", "Object.fromEntries", "return Object.fromEntries(Array.from({ length: 1e7 }, (_, i) => ['k' + i, i]));"),
  large("A20", "a string by joining", `return new Array(3e7).fill("abcdefgh").join("");`),
  large("A21", "structuredClone", "return structuredClone(new Array(2e7).fill(0).map((_, i) => [i]));"),
  large("A22", "spread of a large array", "return [...new Array(1e8).keys()];"),
  large("A23", "sort of a large array", "return Array.from({ length: 2e7 }, () => Math.random()).sort().map(String);"),
  large("A24", "JSON.stringify", "return JSON.stringify(new Array(5e7).fill({ a: 1 }));"),
  large("A25", "replaceAll", `return "a".repeat(4e7).replaceAll("a", "bcdefgh").split("b");`),
  end(
    "A26",
    "memory outside the heap: ArrayBuffers",
    `const keep = []; for (let i = 0; i < 5; i++) keep.push(new Uint8Array(64 * 1024 * 1024).fill(1)); ${HOLD} return "held " + keep.length * 64 + " MB";`,
    {
      expect: { worker: "succeeds", process: "contained" },
      note: "a thread's limit counts the heap alone",
    },
  ),
  end(
    "A27",
    "memory outside the heap: WebAssembly",
    `const memory = new WebAssembly.Memory({ initial: 6144 }); new Uint8Array(memory.buffer).fill(1); ${HOLD} return "held 384 MB";`,
    {
      expect: { worker: "succeeds", process: "contained" },
      note: "a thread's limit counts the heap alone",
    },
  ),
  end(
    "A28",
    "memory outside the heap: external strings",
    `const keep = []; for (let i = 0; i < 4; i++) keep.push(Buffer.alloc(100_000_000, "a").toString("latin1")); ${HOLD} return "held " + keep.length * 100 + " MB";`,
    {
      head: `import { Buffer } from "node:buffer";`,
      expect: { worker: ["succeeds", "contained", "host dies"], process: "contained" },
      note: "a thread's limit counts the heap alone",
    },
  ),
  end("A29", "process.abort", "process.abort();", { expect: "refused" }),
  end("A30", "process.kill of itself", "process.kill(process.pid, 'SIGKILL');", { expect: "refused" }),
  end("A31", "process.kill of its parent", "process.kill(process.ppid, 'SIGKILL');", { expect: "refused" }),
  end(
    "A32",
    "closing descriptors 3 to 63",
    `let n = 0; for (let fd = 3; fd < 64; fd++) { try { fs.closeSync(fd); n++; } catch {} } return n ? "closed " + n : "";`,
    {
      head: `import fs from "node:fs";`,
      expect: "refused",
    },
  ),
  end("A33", "pbkdf2Sync for many seconds", `crypto.pbkdf2Sync("a", "b", 60_000_000, 64, "sha512");`, {
    head: `import crypto from "node:crypto";`,
    ...NATIVE,
  }),
  end(
    "A34",
    "scryptSync for many seconds",
    `for (;;) crypto.scryptSync("a", "b", 64, { N: 2 ** 20, r: 8, p: 16, maxmem: 2 ** 31 });`,
    { head: `import crypto from "node:crypto";`, ...NATIVE },
  ),
  end("A35", "brotli of a large buffer", `for (;;) zlib.brotliCompressSync(Buffer.alloc(80_000_000, "ab c"));`, {
    head: `import zlib from "node:zlib"; import { Buffer } from "node:buffer";`,
    ...NATIVE,
  }),
  end(
    "A36",
    "an endless loop in WebAssembly",
    `const bytes = new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]); new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f();`,
  ),
  end("A37", "connect that never returns and answers nothing", "for (;;) { await Promise.resolve(); }"),
];
