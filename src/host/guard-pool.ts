/**
 * Runs custom guards in one thread beside the host: an endless loop, an error or lack of memory blocks the order and
 * affects nothing else. The thread does not protect against hostile code, and one huge allocation can still end the
 * whole process: once a live connector is enabled, the thread belongs to a process of its own.
 *
 * Guard files are read once, when the pool is opened. A changed file blocks until `qoc reload` accepts it.
 */
import { createRequire } from "node:module";
import type { GuardResultMessage, GuardSource, GuardSubject } from "../protocol/guard-messages.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { CustomGuard } from "../domain/config/guard-config.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import type { BookSnapshot } from "../domain/sdk.ts";
import type { Check } from "../domain/orders/verdict.ts";
import { block, failed, pass } from "../gate/check-result.ts";
import type { GuardRunner, GuardedOrder } from "../gate/guard-runner.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { type GuardBundle, bundleGuard } from "./bundle-guard.ts";
import { type GuardThread, type GuardThreadOptions, startGuardThread } from "./guard-thread.ts";

/** For all guards of one order together. */
export const GUARDS_TIMEOUT_MS = 1_000;
/**
 * A new thread starts and loads its guards outside of the time of an order, so that a slow machine is not a timeout.
 */
const LOAD_TIMEOUT_MS = 5_000;
/** An order that waited longer than this for earlier orders is blocked without running its guards. */
const QUEUE_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;

export interface GuardPool extends GuardRunner {
  /** Bundles and loads the guards before the first order, and logs their problems. Never rejects. */
  preload(): Promise<void>;
  /** Runs the guards in a process of their own from now on. Returns why they cannot; they stay in the thread then. */
  move(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface GuardPoolOptions {
  /** The enabled guards, in the order of desk.toml. */
  readonly guards: readonly CustomGuard[];
  /** Absolute path of the thread's code. */
  readonly workerFile: string;
  /** Starts a process with a thread of guards. @throws Error if that is not possible. */
  readonly startProcess: (options: GuardThreadOptions) => Promise<GuardThread>;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** Created by the first task, and used until the desk stops. */
interface LoadedGuards {
  /** undefined if no guard could be bundled. */
  readonly thread: GuardThread | undefined;
  /** Index of each bundled guard in the thread's sources. */
  readonly indexes: ReadonlyMap<CustomGuard, number>;
  readonly problems: ReadonlyMap<CustomGuard, string>;
}

interface GuardOutcome {
  /** One check per guard. */
  readonly checks: readonly Check[];
  /** The thread ended before the task was complete. */
  readonly isThreadLost: boolean;
}

interface GuardRunRequest {
  readonly guards: readonly CustomGuard[];
  /** Without a subject the guards are only loaded. */
  readonly subject: GuardSubject | undefined;
  readonly timeoutMs: number;
}

/** Loads nothing and starts no thread before `preload` or the first order. */
export function openGuardPool(options: GuardPoolOptions): GuardPool {
  return new SingleThreadPool(options);
}

class SingleThreadPool implements GuardPool {
  readonly #options: GuardPoolOptions;
  readonly #queue = new SerialQueue();
  #loaded: Promise<LoadedGuards> | undefined;
  /** Whether the current guards have loaded successfully at least once. */
  #hasLoaded = false;
  #isClosed = false;
  #isMoved = false;

  constructor(options: GuardPoolOptions) {
    this.#options = options;
  }

  run(guards: readonly CustomGuard[], order: GuardedOrder, book: BookSnapshot): Promise<readonly Check[]> {
    const requestedAt = this.#options.clock.monotonic();
    return new Promise((resolve) => {
      void this.#queue.run(async () => {
        const { checks, isThreadLost } = await this.#evaluate(guards, { order, book }, requestedAt).catch(
          (error: unknown): GuardOutcome => ({
            checks: guards.map((guard) => failed(guard.key, error)),
            isThreadLost: false,
          }),
        );
        resolve(checks);
        // The next order may wait already. Guards that have never loaded would hang again, and delay it by more than
        // its own timeout.
        if (isThreadLost && this.#hasLoaded) await this.#loadAll().catch(() => undefined);
      });
    });
  }

  async preload(): Promise<void> {
    const { guards, log } = this.#options;
    if (guards.length === 0) return;
    await this.#queue.run(() => this.#loadAll()).catch((error: unknown) => log.error(String(error)));
  }

  get level(): "worker" | "process" {
    return this.#isMoved ? "process" : "worker";
  }

  async move(): Promise<string | undefined> {
    if (this.#options.guards.length === 0 || this.#isClosed) return undefined;
    return this.#queue.run(async () => {
      if (this.#isMoved) return undefined;
      const moved = loadGuards(this.#options, this.#options.startProcess);
      try {
        await moved;
      } catch (error) {
        // They stay in the thread, which loads them outside of the time of an order.
        if (this.#loaded === undefined) await this.#loadAll();
        const names = this.#options.guards.map(({ key }) => key).join(", ");
        return `guard ${names} could not be moved to a process of its own: ${messageOf(error)}`;
      }
      await this.#closeThread();
      this.#loaded = moved;
      this.#isMoved = true;
      await this.#loadAll();
      return undefined;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeThread();
  }

  async #closeThread(): Promise<void> {
    const loaded = await this.#loaded?.catch(() => undefined);
    if (loaded?.thread !== undefined) await withCloseTimeout(loaded.thread.close(), this.#options.clock);
  }

  async #evaluate(guards: readonly CustomGuard[], subject: GuardSubject, requestedAt: number): Promise<GuardOutcome> {
    const { clock, log } = this.#options;
    if (clock.monotonic() - requestedAt > QUEUE_TIMEOUT_MS)
      return {
        checks: guards.map((guard) => failed(guard.key, "earlier orders kept the guards busy")),
        isThreadLost: false,
      };
    const { checks, isThreadLost } = await this.#request({ guards, subject, timeoutMs: GUARDS_TIMEOUT_MS });
    if (!isThreadLost || this.#isClosed) return { checks, isThreadLost: false };
    log.error("the thread of the custom guards was replaced", {
      reason: checks.find((check) => check.decision === "block")?.message,
    });
    return { checks, isThreadLost };
  }

  async #loadAll(): Promise<void> {
    const { guards, log } = this.#options;
    const { checks } = await this.#request({ guards, subject: undefined, timeoutMs: LOAD_TIMEOUT_MS });
    if (this.#isClosed) return;
    for (const { decision, guard, message } of checks)
      if (decision !== "allow")
        log.error(`${message}; every order is blocked until the guard is corrected and the desk is restarted`, {
          guard,
        });
  }

  async #request({ guards, subject, timeoutMs }: GuardRunRequest): Promise<GuardOutcome> {
    const { log, guards: configured } = this.#options;
    if (this.#isClosed)
      return { checks: guards.map((guard) => failed(guard.key, "the desk is stopping")), isThreadLost: false };
    const { thread, indexes, problems } = await (this.#loaded ??= loadGuards(this.#options, startInDesk));
    const runnable = guards.flatMap((guard) => {
      const index = indexes.get(guard);
      return index === undefined ? [] : [{ guard, index }];
    });
    const request = { guards: runnable.map(({ index }) => index), subject, timeoutMs };
    const reply = thread === undefined || runnable.length === 0 ? { events: [] } : await thread.request(request);
    const results = new Map<number, GuardResultMessage>();
    for (const event of reply.events)
      if (event.e === "log") log[event.level](event.message, { guard: configured[event.guard]?.key });
      // Only a guard's first result counts.
      else if (!results.has(event.guard)) results.set(event.guard, event);
    const checkByGuard = checksOf(
      runnable.map(({ guard, index }) => ({ guard, result: results.get(index) })),
      reply.problem,
    );
    const checks = guards.map(
      (guard) =>
        checkByGuard.get(guard) ??
        failed(guard.key, problems.get(guard) ?? "it was not configured when the guards were loaded: qoc reload"),
    );
    const isThreadLost = reply.problem !== undefined;
    this.#hasLoaded = !isThreadLost || (this.#hasLoaded && subject !== undefined);
    return { checks, isThreadLost };
  }
}

type StartThread = GuardPoolOptions["startProcess"];

function startInDesk(options: GuardThreadOptions): Promise<GuardThread> {
  return Promise.resolve(startGuardThread(options));
}

async function loadGuards(
  { guards, workerFile, disk, clock, log }: GuardPoolOptions,
  start: StartThread,
): Promise<LoadedGuards> {
  const bundles = new Map<string, Promise<GuardBundle>>();
  const sources: GuardSource[] = [];
  const indexes = new Map<CustomGuard, number>();
  const problems = new Map<CustomGuard, string>();
  for (const guard of guards) {
    const { key, adapter, options } = guard;
    const bundling = bundles.get(adapter) ?? bundleGuard(guard, disk);
    bundles.set(adapter, bundling);
    const bundle = await bundling;
    if ("problem" in bundle) problems.set(guard, bundle.problem);
    else if (guard.code !== undefined && guard.code !== bundle.digest)
      problems.set(guard, "its file changed and is not accepted: qoc reload");
    else indexes.set(guard, sources.push({ key, code: bundle.code, filename: adapter, options }) - 1);
  }
  const onLost = (reason: string): void =>
    log.warn("the thread of the custom guards ended between two orders", { reason });
  const options = {
    workerFile,
    piscinaFile: createRequire(import.meta.url).resolve("piscina"),
    sources,
    clock,
    onLost,
  };
  return { thread: sources.length === 0 ? undefined : await start(options), indexes, problems };
}

/**
 * Guards run in order: the first guard without a result hung, and the guards after it did not run. If the
 * thread was lost although all guards have a result, the guard at fault is unknown, and no result counts.
 */
function checksOf(
  results: readonly { readonly guard: CustomGuard; readonly result: GuardResultMessage | undefined }[],
  problem: string | undefined,
): ReadonlyMap<CustomGuard, Check> {
  const hung = results.find(({ result }) => result === undefined)?.guard;
  const checkFor = (guard: CustomGuard, result: GuardResultMessage | undefined): Check => {
    const blocked = (subject: string): Check =>
      block(guard.key, "GUARD_NO_ANSWER", `${subject} ${problem ?? "did not answer"}`);
    if (result === undefined)
      return blocked(guard === hung ? guard.key : `${guard.key} did not run: ${hung?.key ?? ""}`);
    if (problem !== undefined && hung === undefined)
      return blocked(`${guard.key}: its result does not count, because one of the guards`);
    return checkOf(guard, result);
  };
  return new Map(results.map(({ guard, result }) => [guard, checkFor(guard, result)]));
}

function checkOf({ key }: CustomGuard, { outcome, message }: GuardResultMessage): Check {
  if (outcome === "allow") return pass(key, message);
  return outcome === "block" ? block(key, "CUSTOM_GUARD_BLOCKED", message) : failed(key, message);
}

/**
 * Resolves when the task settles, or after the timeout: a thread that cannot be ended must not stop the desk from
 * closing.
 */
function withCloseTimeout(task: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(CLOSE_TIMEOUT_MS, resolve);
    void task.then(cancel, cancel).then(resolve);
  });
}
