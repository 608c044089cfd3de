/**
 * The thread of the operator's own guards: evaluates their bundles, and asks them in order about one order after another.
 *
 * A guard is pure, so each order meets a new instance of its class: what an instance keeps is gone with the order. Only what a
 * file keeps in variables of its module lives longer, until the thread is replaced.
 */
import { compileFunction } from "node:vm";
import { workerData } from "node:worker_threads";
import { type GuardAdapter, NotSent, SDK_VERSION, VenueRejection } from "../src/domain/sdk.ts";
import type { GuardLine, GuardRow, GuardSource, GuardTask } from "../src/protocol/guard-messages.ts";
import { installStubs } from "./global-stubs.ts";

type GuardClass = new (options: Readonly<Record<string, unknown>>) => Partial<GuardAdapter>;

const TEXT_CHARS_MAX = 1_000;
const LINES_MAX = 50;
/** A guard has nothing to wait for and nobody to call. */
const GONE = ["fetch", "WebSocket", "EventSource", "setTimeout", "setInterval", "setImmediate"];

const sources = (workerData as { readonly sources: readonly GuardSource[] }).sources;
const classes = new Map<number, GuardClass>();
/** Where the console of the guard that is being asked goes. */
let hear: ((level: GuardLine["level"], text: string) => void) | undefined;

// A promise that a guard dropped is nobody's answer, and no reason to lose the thread.
process.on("unhandledRejection", () => undefined);
for (const name of GONE)
  Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });
installStubs((level, ...parts) =>
  hear?.(level, parts.map((part) => (typeof part === "string" ? part : shown(part))).join(" ")),
);

/** Called by the pool once an order. Answers over the port of the task; never throws. */
export function judge({ port, chain, asked }: GuardTask): void {
  freeze(asked);
  let lines = 0;
  for (const guard of chain) {
    hear = (level, text) => {
      lines += 1;
      if (lines <= LINES_MAX)
        port.postMessage({ e: "log", guard, level, text: text.slice(0, TEXT_CHARS_MAX) } satisfies GuardLine);
    };
    const { outcome, text } = answerOf(guard, asked);
    port.postMessage({ e: "row", guard, outcome, text: text.slice(0, TEXT_CHARS_MAX) } satisfies GuardRow);
  }
  hear = undefined;
}

function answerOf(index: number, asked: GuardTask["asked"]): Pick<GuardRow, "outcome" | "text"> {
  try {
    const guard = instance(index);
    const text =
      typeof guard.description === "string" && guard.description !== "" ? guard.description : "it allows this order";
    if (asked === undefined) return { outcome: "allow", text };
    const { result, reason } = settled(guard.evaluate(asked.order, asked.book));
    return result === "block" ? { outcome: "block", text: reason } : { outcome: "allow", text };
  } catch (error) {
    return { outcome: "broken", text: error instanceof Error ? error.message : shown(error) };
  }
}

function instance(index: number): GuardAdapter {
  const source = sources[index];
  if (source === undefined) throw new Error(`there is no guard ${index}`);
  const Guard = classes.get(index) ?? load(source);
  classes.set(index, Guard);
  const guard = new Guard(source.options);
  if (guard.key !== source.key)
    throw new Error(`its key is ${shown(guard.key)} and desk.toml says ${shown(source.key)}: the two must be equal`);
  if (typeof guard.evaluate !== "function") throw new Error("it has no method evaluate(order, book)");
  return guard as GuardAdapter;
}

/** The default export, or the one class that the file exports. */
function load(source: GuardSource): GuardClass {
  freeze(source.options);
  const module = { exports: {} as Record<string, unknown> };
  compileFunction(source.code, ["exports", "require", "module"], { filename: source.filename })(
    module.exports,
    sandboxRequire,
    module,
  );
  const standard = module.exports["default"];
  if (isClass(standard)) return standard;
  const [only, ...more] = Object.values(module.exports).filter(isClass);
  if (standard !== undefined || only === undefined || more.length > 0)
    throw new Error("it has no default export that is a class: end it with `export default MyGuard;`");
  return only;
}

function isClass(value: unknown): value is GuardClass {
  return typeof value === "function" && Function.prototype.toString.call(value).startsWith("class");
}

function sandboxRequire(name: string): unknown {
  if (name === "@qoc-app/sdk") return { VenueRejection, NotSent, SDK_VERSION };
  throw new Error(`${name} is not available inside a guard`);
}

/** @throws where it is anything but a clear yes or a no with its reason. */
function settled(answer: unknown): { readonly result: "allow" | "block"; readonly reason: string } {
  const { result, reason, then } = Object(answer) as Record<string, unknown>;
  if (typeof then === "function") throw new Error("evaluate answered a promise: a guard is synchronous");
  if (result === "allow") return { result, reason: "" };
  if (result === "block" && typeof reason === "string" && reason !== "") return { result, reason };
  throw new Error(
    `evaluate answered ${shown(answer)}: it must be { result: "allow" } or { result: "block", reason: "why" }`,
  );
}

/** Into its depth. What crossed is a copy, so that nobody else's data is frozen. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
}
