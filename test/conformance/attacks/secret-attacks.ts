/** Attacks on secrets and files of the machine that do not belong to the connector. */
import type { Attack } from "./attacks.ts";

const FS = `import fs from "node:fs";`;
function read(path: string): string {
  return `return fs.readFileSync(${path}, "utf8");`;
}
function secretAttack(id: string, title: string, code: string, more: Partial<Attack> = {}): Attack {
  return {
    id,
    group: "secrets",
    title,
    code,
    expect: "refused",
    ...more,
  };
}

/** Code that loads a built-in module at run time as `found`. */
function loadBuiltin(name: string): string {
  return `const found = process.getBuiltinModule?.(${JSON.stringify(name)}) ?? (await new Function("name", "return import(name)")(${JSON.stringify(`node:${name}`)}));`;
}

export const SECRET_ATTACKS: readonly Attack[] = [
  secretAttack("B01", "process.env", `return Object.keys(process.env).length ? JSON.stringify(process.env) : "";`),
  secretAttack("B02", "/proc/self/environ", read(`"/proc/self/environ"`), { head: FS }),
  secretAttack("B03", "the parent's environment", read('"/proc/" + process.ppid + "/environ"'), { head: FS }),
  secretAttack("B04", "process.report", "return JSON.stringify(process.report.getReport());"),
  secretAttack("B05", "/proc/self/mem", `return String(fs.openSync("/proc/self/mem", "r"));`, { head: FS }),
  secretAttack("B06", "desk.toml", "return fs.readFileSync(this.ctx.options.canaryFile, 'utf8');", { head: FS }),
  secretAttack("B07", "writing a file", `fs.writeFileSync("/tmp/qoc-attack-written", "x"); return "written";`, {
    head: FS,
  }),
  secretAttack(
    "B08",
    "fs through process.getBuiltinModule",
    `return process.getBuiltinModule("fs").readFileSync("/etc/passwd", "utf8");`,
  ),
  secretAttack(
    "B09",
    "fs through import()",
    `const fs = await import("node:fs"); return fs.readFileSync("/etc/passwd", "utf8");`,
  ),
  secretAttack(
    "B10",
    "fs through eval of import()",
    `const fs = await (0, eval)('import("node:fs")'); return fs.readFileSync("/etc/passwd", "utf8");`,
  ),
  secretAttack(
    "B11",
    "fs through an async function's constructor",
    `const f = (async () => {}).constructor('return (await import("node:fs")).readFileSync("/etc/passwd", "utf8")'); return await f();`,
  ),
  secretAttack(
    "B12",
    "fstat of inherited file descriptors",
    `const seen = []; for (let fd = 3; fd < 32; fd++) { try { fs.fstatSync(fd); seen.push(fd); } catch {} } return seen.join();`,
    { head: FS },
  ),
  secretAttack(
    "B13",
    "node:sqlite through import()",
    `${loadBuiltin("sqlite")} new found.DatabaseSync("/tmp/qoc-attack.db"); return "opened";`,
  ),
  secretAttack("B14", "listing /tmp, where loaders keep transform caches", `return fs.readdirSync("/tmp").join();`, {
    head: FS,
  }),
  secretAttack(
    "B15",
    "a heap snapshot to a file",
    `${loadBuiltin("v8")} return found.writeHeapSnapshot("/tmp/qoc-attack.heapsnapshot");`,
  ),
  secretAttack("B16", "the host's current folder", `return fs.readdirSync(".").join();`, { head: FS }),
  secretAttack("B17", "another connector's secret by name", `return this.ctx.secret("other_key");`),
  secretAttack(
    "B18",
    "every string reachable from the globals",
    `const seen = []; const done = new Set(); const walk = (v, d) => { if (d > 6 || v === null || v === undefined) return; if (typeof v === "string") { if (v.includes("canary")) seen.push(v); return; } if ((typeof v !== "object" && typeof v !== "function") || done.has(v)) return; done.add(v); for (const k of Reflect.ownKeys(v)) walk(Object.getOwnPropertyDescriptor(v, k)?.value, d + 1); walk(Object.getPrototypeOf(v), d + 1); }; walk(globalThis, 0); walk(this, 0); return seen.filter((text) => !text.includes("canary-own")).join();`,
  ),
  secretAttack("B19", "files through fetch of file:", `return await (await fetch("file:///etc/passwd")).text();`),
  secretAttack(
    "B20",
    "file paths through stack frames",
    `const e = new Error("x"); const seen = []; Error.prepareStackTrace = (_, sites) => sites.map((s) => String(s.getFileName())); seen.push(...e.stack); return seen.filter((f) => f.startsWith("/") || f.startsWith("file:")).join();`,
  ),
];
