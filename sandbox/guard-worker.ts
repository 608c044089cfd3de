/**
 * Entry point of the thread of custom guards: evaluates their bundles and runs them, in order, on one order at a time.
 *
 * Guards are pure, so each order gets a new instance of each class. Only module-level variables of a guard's file
 * outlive an order, until the thread is replaced.
 */
import { compileFunction } from "node:vm";
import { workerData } from "node:worker_threads";
import type { GuardAdapter } from "../src/domain/sdk.ts";
import { deepFreeze } from "../src/lib/deep-freeze.ts";
import type {
  GuardLogLine,
  GuardResultMessage,
  GuardSource,
  GuardSubject,
  GuardTask,
} from "../src/protocol/guard-messages.ts";
import { freezeRealm } from "./freeze-realm.ts";
import { installStubs } from "./global-stubs.ts";
import { sdkValues } from "./sdk-values.ts";

type GuardClass = new (options: Readonly<Record<string, unknown>>) => Partial<GuardAdapter>;

const MESSAGE_CHARS_MAX = 1_000;
const LOG_LINES_MAX = 50;
/** A guard is synchronous and uses no network. */
const REMOVED_GLOBALS = ["fetch", "WebSocket", "EventSource", "setTimeout", "setInterval", "setImmediate"];

const sources = (workerData as { readonly sources: readonly GuardSource[] }).sources;
const classes = new Map<number, GuardClass>();
/** Logs console output under the guard that is running. */
let logConsole: ((level: GuardLogLine["level"], message: string) => void) | undefined;

// A rejected promise that a guard left behind must not end the thread.
process.on("unhandledRejection", () => undefined);
for (const name of REMOVED_GLOBALS)
  Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });
installStubs((level, ...parts) =>
  logConsole?.(level, parts.map((part) => (typeof part === "string" ? part : asJson(part))).join(" ")),
);
// The guards share this realm.
freezeRealm(sdkValues());

/** Called by the pool once for each order. Posts the results to the task's port; never throws. */
export function runGuards({ port, guards, subject }: GuardTask): void {
  deepFreeze(subject);
  let lines = 0;
  for (const guard of guards) {
    logConsole = (level, message) => {
      lines += 1;
      if (lines > LOG_LINES_MAX) return;
      const line: GuardLogLine = { e: "log", guard, level, message: message.slice(0, MESSAGE_CHARS_MAX) };
      port.postMessage(line);
    };
    const { outcome, message } = runGuard(guard, subject);
    const result: GuardResultMessage = { e: "result", guard, outcome, message: message.slice(0, MESSAGE_CHARS_MAX) };
    port.postMessage(result);
  }
  logConsole = undefined;
}

function runGuard(index: number, subject: GuardSubject | undefined): Pick<GuardResultMessage, "outcome" | "message"> {
  try {
    const guard = createGuard(index);
    const description =
      typeof guard.description === "string" && guard.description !== "" ? guard.description : "it allows this order";
    if (subject === undefined) return { outcome: "allow", message: description };
    const { result, reason } = parseResult(guard.evaluate(subject.order, subject.book));
    return result === "block" ? { outcome: "block", message: reason } : { outcome: "allow", message: description };
  } catch (error) {
    return { outcome: "broken", message: textOf(error) };
  }
}

function createGuard(index: number): GuardAdapter {
  const source = sources[index];
  if (source === undefined) throw new Error(`there is no guard ${index}`);
  const Guard = classes.get(index) ?? loadClass(source);
  classes.set(index, Guard);
  const guard = new Guard(source.options);
  if (guard.key !== source.key)
    throw new Error(
      `its key is ${asJson(guard.key)} but desk.toml says ${asJson(source.key)}: make the two keys equal`,
    );
  if (typeof guard.evaluate !== "function") throw new Error("it has no method evaluate(order, book): add one");
  return guard as GuardAdapter;
}

/** Returns the default export, or the only class that the file exports. */
function loadClass(source: GuardSource): GuardClass {
  deepFreeze(source.options);
  const module = { exports: {} as Record<string, unknown> };
  compileFunction(source.code, ["exports", "require", "module"], { filename: source.filename })(
    module.exports,
    sandboxRequire,
    module,
  );
  const defaultExport = module.exports["default"];
  if (isClass(defaultExport)) return defaultExport;
  const [exportedClass, ...otherClasses] = Object.values(module.exports).filter(isClass);
  if (defaultExport !== undefined || exportedClass === undefined || otherClasses.length > 0)
    throw new Error("it has no default export that is a class: end the file with `export default MyGuard;`");
  return exportedClass;
}

function isClass(value: unknown): value is GuardClass {
  return typeof value === "function" && Function.prototype.toString.call(value).startsWith("class");
}

function sandboxRequire(name: string): unknown {
  if (name === "@qoc-app/sdk") return sdkValues();
  throw new Error(`${name} is not available inside a guard`);
}

/** @throws Error unless the result is `allow`, or `block` with a reason. */
function parseResult(value: unknown): { readonly result: "allow" | "block"; readonly reason: string } {
  const { result, reason, then } = Object(value) as Record<string, unknown>;
  if (typeof then === "function")
    throw new Error("evaluate returned a promise: a guard is synchronous, so remove async and await");
  if (result === "allow") return { result, reason: "" };
  if (result === "block" && typeof reason === "string" && reason !== "") return { result, reason };
  throw new Error(`evaluate returned ${asJson(value)}: return { result: "allow" } or { result: "block", reason: "…" }`);
}

/** What a guard throws may have any members: what is not a text would be copied for the desk's thread. */
function textOf(thrown: unknown): string {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : asJson(thrown);
    return typeof message === "string" ? message : asJson(message);
  } catch {
    return "it threw an object that has no text";
  }
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
}
