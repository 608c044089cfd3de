/**
 * Replaces `process`, `console` and `require` by stubs that affect only this worker. This is no protection against
 * hostile code that knows Node's internals; SECURITY.md describes what is.
 */
import { builtinModules } from "node:module";
import url from "node:url";
import { guardBuffers } from "./buffer-guards.ts";
import { guardDecoders } from "./decoder-guards.ts";
import { freezeIntrinsics } from "./freeze-intrinsics.ts";
import { removeObjectCopies } from "./object-copies.ts";
import { guardByteStreams } from "./stream-guards.ts";
import { guardZlibHandles } from "./zlib-handles.ts";
import { removeNetworkGlobals } from "./runtime-network.ts";

/** Globals that lead to the module loader. */
const REMOVED_GLOBALS = ["require", "module", "exports", "__filename", "__dirname"] as const;
/**
 * Node defines each built-in module as a global in a process that runs a text. These names are web APIs or get a stub.
 */
const KEPT_GLOBALS: readonly string[] = ["console", "crypto", "performance", "process"];
const KEPT_PROCESS_MEMBERS = ["arch", "platform", "version", "versions", "release", "features"] as const;

function isModuleGlobal(name: string): boolean {
  return (builtinModules.includes(name) || name.startsWith("node:")) && !KEPT_GLOBALS.includes(name);
}

type LogOutput = (level: "debug" | "info" | "warn" | "error", ...parts: unknown[]) => void;

/** Call before any adapter code runs. */
export function installStubs(log: LogOutput): void {
  const realProcess = process;
  const globals = globalThis as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(globals)) if (isModuleGlobal(name)) delete globals[name];
  for (const name of REMOVED_GLOBALS) defineConstant(globals, name, undefined);
  defineConstant(globals, "console", consoleStub(log));
  defineConstant(globals, "process", processStub(realProcess, log));
  // Its native getters end the process if they are called as constructors, and cannot be replaced.
  for (const holder of [globals, url]) Reflect.deleteProperty(holder, "URLPattern");
  removeObjectCopies();
  guardZlibHandles();
  guardBuffers();
  guardDecoders();
  guardByteStreams();
  freezeIntrinsics();
  removeNetworkGlobals();
}

function consoleStub(log: LogOutput): object {
  const logAt =
    (level: Parameters<LogOutput>[0]) =>
    (...parts: unknown[]) =>
      log(level, ...parts);
  const ignore = (): void => undefined;
  return Object.freeze({
    log: logAt("info"),
    info: logAt("info"),
    dir: logAt("info"),
    table: logAt("info"),
    debug: logAt("debug"),
    trace: logAt("debug"),
    warn: logAt("warn"),
    error: logAt("error"),
    assert: (condition: unknown, ...parts: unknown[]) => void (condition ? undefined : log("error", ...parts)),
    time: ignore,
    timeEnd: ignore,
    group: ignore,
    groupEnd: ignore,
    count: ignore,
  });
}

function processStub(real: NodeJS.Process, log: LogOutput): object {
  const stream = (level: "info" | "error"): object =>
    Object.freeze({
      write: (text: unknown) => (log(level, String(text).trimEnd()), true),
      isTTY: false,
      columns: 80,
      on: () => undefined,
      once: () => undefined,
    });
  const ignoreListener = (): object => stub;
  const stub: object = Object.freeze({
    ...Object.fromEntries(KEPT_PROCESS_MEMBERS.map((name) => [name, real[name]])),
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
    emitWarning: (warning: unknown) => log("warn", String(warning)),
    /** Ends this worker only. */
    exit: (code?: number) => real.exit(code),
    on: ignoreListener,
    once: ignoreListener,
    off: ignoreListener,
    addListener: ignoreListener,
    removeListener: ignoreListener,
    listenerCount: () => 0,
  });
  return stub;
}

function defineConstant(target: object, name: string, value: unknown): void {
  try {
    Object.defineProperty(target, name, { value, writable: false, configurable: false, enumerable: false });
  } catch {
    // The runtime has already made the property constant.
  }
}
