/** Secrets and files: whatever lies on this machine and is not this connector's. */
import type { Attack } from "./attacks.ts";

const FS = `import fs from "node:fs";`;
function read(path: string): string {
  return `return fs.readFileSync(${path}, "utf8");`;
}
function secret(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return {
    id,
    group: "secrets",
    title,
    code,
    expect: "refused",
    ...more,
  };
}
function BUILTIN(name: string): string {
  return `const found = process.getBuiltinModule?.(${JSON.stringify(name)}) ?? (await new Function("name", "return import(name)")(${JSON.stringify(`node:${name}`)}));`;
}

export const SECRET_ATTACKS: readonly Attack[] = [
  secret("B01", "process.env", `return Object.keys(process.env).length ? JSON.stringify(process.env) : "";`),
  secret("B02", "/proc/self/environ", read(`"/proc/self/environ"`), { head: FS }),
  secret("B03", "the parent's environment", read('"/proc/" + process.ppid + "/environ"'), { head: FS }),
  secret("B04", "process.report", "return JSON.stringify(process.report.getReport());"),
  secret("B05", "/proc/self/mem", `return String(fs.openSync("/proc/self/mem", "r"));`, { head: FS }),
  secret("B06", "desk.toml", "return fs.readFileSync(this.ctx.options.canaryFile, 'utf8');", { head: FS }),
  secret("B07", "writing a file", `fs.writeFileSync("/tmp/qoc-attack-written", "x"); return "written";`, { head: FS }),
  secret(
    "B08",
    "fs by process.getBuiltinModule",
    `return process.getBuiltinModule("fs").readFileSync("/etc/passwd", "utf8");`,
  ),
  secret("B09", "fs by import()", `const fs = await import("node:fs"); return fs.readFileSync("/etc/passwd", "utf8");`),
  secret(
    "B10",
    "fs by eval of import()",
    `const fs = await (0, eval)('import("node:fs")'); return fs.readFileSync("/etc/passwd", "utf8");`,
  ),
  secret(
    "B11",
    "fs by an async function's constructor",
    `const f = (async () => {}).constructor('return (await import("node:fs")).readFileSync("/etc/passwd", "utf8")'); return await f();`,
  ),
  secret(
    "B12",
    "fstat of inherited descriptors",
    `const seen = []; for (let fd = 3; fd < 32; fd++) { try { fs.fstatSync(fd); seen.push(fd); } catch {} } return seen.join();`,
    { head: FS },
  ),
  secret(
    "B13",
    "node:sqlite by import()",
    `${BUILTIN("sqlite")} new found.DatabaseSync("/tmp/qoc-attack.db"); return "opened";`,
  ),
  secret("B14", "the transform cache of a loader", `return fs.readdirSync("/tmp").join();`, { head: FS }),
  secret(
    "B15",
    "a heap snapshot to a file",
    `${BUILTIN("v8")} return found.writeHeapSnapshot("/tmp/qoc-attack.heapsnapshot");`,
  ),
  secret("B16", "the host's current folder", `return fs.readdirSync(".").join();`, { head: FS }),
  secret("B17", "another connector's secret by its name", `return this.ctx.secret("other_key");`),
  secret(
    "B18",
    "every string that is reachable from its globals",
    `const seen = []; const done = new Set(); const walk = (v, d) => { if (d > 6 || v === null || v === undefined) return; if (typeof v === "string") { if (v.includes("canary")) seen.push(v); return; } if ((typeof v !== "object" && typeof v !== "function") || done.has(v)) return; done.add(v); for (const k of Reflect.ownKeys(v)) walk(Object.getOwnPropertyDescriptor(v, k)?.value, d + 1); walk(Object.getPrototypeOf(v), d + 1); }; walk(globalThis, 0); walk(this, 0); return seen.filter((text) => !text.includes("canary-own")).join();`,
  ),
  secret("B19", "files by fetch of file:", `return await (await fetch("file:///etc/passwd")).text();`),
  secret(
    "B20",
    "files by a source map or an error's source",
    `const e = new Error("x"); const seen = []; Error.prepareStackTrace = (_, sites) => sites.map((s) => String(s.getFileName())); seen.push(...e.stack); return seen.filter((f) => f.startsWith("/") || f.startsWith("file:")).join();`,
  ),
];
