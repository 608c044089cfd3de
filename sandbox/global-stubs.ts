/**
 * What an adapter finds under `process`, `console` and `require`: stand-ins that reach nothing beyond this worker. Not a wall
 * against hostile code that knows Node's internals; SECURITY.md says what is.
 */
import { builtinModules } from "node:module";
import { freezeIntrinsics } from "./freeze-intrinsics.ts";

/** Globals of the runtime that reach other threads, or the loader. */
const GONE = ["BroadcastChannel", "Worker", "require", "module", "exports", "__filename", "__dirname"] as const;
/** A process that is started with a text has every built-in as a global; these names are the web's, or get a stand-in. */
const NO_MODULES: readonly string[] = ["console", "crypto", "performance", "process"];
const KEPT = ["arch", "platform", "version", "versions", "release", "features"] as const;

function isModule(name: string): boolean {
  return (builtinModules.includes(name) || name.startsWith("node:")) && !NO_MODULES.includes(name);
}

type Say = (level: "debug" | "info" | "warn" | "error", ...parts: unknown[]) => void;

/** Replaces them for everything that is evaluated from now on. */
export function installStubs(say: Say): void {
  const real = process;
  const globals = globalThis as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(globals)) if (isModule(name)) delete globals[name];
  for (const name of GONE) define(globals, name, undefined);
  define(globals, "console", consoleFor(say));
  define(globals, "process", processFor(real, say));
  freezeIntrinsics();
}

function consoleFor(say: Say): object {
  const at =
    (level: Parameters<Say>[0]) =>
    (...parts: unknown[]) =>
      say(level, ...parts);
  const quiet = (): void => undefined;
  return Object.freeze({
    log: at("info"),
    info: at("info"),
    dir: at("info"),
    table: at("info"),
    debug: at("debug"),
    trace: at("debug"),
    warn: at("warn"),
    error: at("error"),
    assert: (holds: unknown, ...parts: unknown[]) => void (holds ? undefined : say("error", ...parts)),
    time: quiet,
    timeEnd: quiet,
    group: quiet,
    groupEnd: quiet,
    count: quiet,
  });
}

function processFor(real: NodeJS.Process, say: Say): object {
  const stream = (level: "info" | "error"): object =>
    Object.freeze({
      write: (text: unknown) => (say(level, String(text).trimEnd()), true),
      isTTY: false,
      columns: 80,
      on: () => undefined,
      once: () => undefined,
    });
  const listen = (): object => stand;
  const stand: object = Object.freeze({
    ...Object.fromEntries(KEPT.map((name) => [name, real[name]])),
    env: Object.freeze({}),
    argv: Object.freeze([]),
    execArgv: Object.freeze([]),
    pid: 0,
    title: "connector",
    stdout: stream("info"),
    stderr: stream("error"),
    nextTick: real.nextTick.bind(real),
    hrtime: Object.assign((since?: [number, number]) => real.hrtime(since), { bigint: () => real.hrtime.bigint() }),
    uptime: () => real.uptime(),
    memoryUsage: () => ({ ...real.memoryUsage() }),
    cwd: () => "/",
    emitWarning: (warning: unknown) => say("warn", String(warning)),
    /** Ends this connector's life and nothing else. */
    exit: (code?: number) => real.exit(code),
    on: listen,
    once: listen,
    off: listen,
    addListener: listen,
    removeListener: listen,
    listenerCount: () => 0,
  });
  return stand;
}

function define(target: object, name: string, value: unknown): void {
  try {
    Object.defineProperty(target, name, { value, writable: false, configurable: false, enumerable: false });
  } catch {
    // Already fixed by the runtime.
  }
}
