/**
 * Runs custom guards in one thread beside the host: an endless loop, an error or lack of memory blocks the order and
 * affects nothing else. The thread does not protect against hostile code: guards are the operator's own, and one huge
 * allocation can still end the whole process.
 *
 * Guard files are read once, when the pool is opened. A changed file blocks until `qoc reload` accepts it.
 */
import type { Piscina } from "piscina";
import type { GuardResultMessage, GuardSource, GuardSubject } from "../protocol/guard-messages.ts";
import type { CustomGuard } from "../domain/guard-config.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import type { BookSnapshot } from "../domain/sdk.ts";
import type { Check } from "../domain/verdict.ts";
import { block, failed, pass } from "../gate/check-result.ts";
import type { GuardRunner, GuardedOrder } from "../gate/guard-runner.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { type GuardBundle, bundleGuard } from "./bundle-guard.ts";
import { startGuardPool, requestGuards } from "./guard-thread.ts";

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
  close(): Promise<void>;
}

export interface GuardPoolOptions {
  /** The enabled guards, in the order of desk.toml. */
  readonly guards: readonly CustomGuard[];
  /** Absolute path of the thread's code. */
  readonly workerFile: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** Created by the first task, and used until the desk stops. */
interface LoadedGuards {
  /** undefined if no guard could be bundled. */
  readonly pool: Piscina | undefined;
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

  constructor(options: GuardPoolOptions) {
    this.#options = options;
  }

  async run(guards: readonly CustomGuard[], order: GuardedOrder, book: BookSnapshot): Promise<readonly Check[]> {
    const requestedAt = this.#options.clock.monotonic();
    return this.#queue
      .run(() => this.#evaluate(guards, { order, book }, requestedAt))
      .catch((error: unknown) => guards.map((guard) => failed(guard.key, error)));
  }

  async preload(): Promise<void> {
    const { guards, log } = this.#options;
    if (guards.length === 0) return;
    await this.#queue.run(() => this.#loadAll()).catch((error: unknown) => log.error(String(error)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const loaded = await this.#loaded?.catch(() => undefined);
    if (loaded?.pool !== undefined) await withCloseTimeout(loaded.pool.destroy(), this.#options.clock);
  }

  async #evaluate(
    guards: readonly CustomGuard[],
    subject: GuardSubject,
    requestedAt: number,
  ): Promise<readonly Check[]> {
    const { clock, log } = this.#options;
    if (clock.monotonic() - requestedAt > QUEUE_TIMEOUT_MS)
      return guards.map((guard) => failed(guard.key, "earlier orders kept the guards busy"));
    const { checks, isThreadLost } = await this.#request({ guards, subject, timeoutMs: GUARDS_TIMEOUT_MS });
    if (isThreadLost && !this.#isClosed) {
      log.error("the thread of the custom guards was replaced", {
        reason: checks.find((check) => check.decision === "block")?.message,
      });
      // Guards that have never loaded would hang again, and delay the next order by more than its own timeout.
      if (this.#hasLoaded) void this.#queue.run(() => this.#loadAll()).catch(() => undefined);
    }
    return checks;
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
    const { clock, log, guards: configured } = this.#options;
    if (this.#isClosed)
      return { checks: guards.map((guard) => failed(guard.key, "the desk is stopping")), isThreadLost: false };
    const { pool, indexes, problems } = await (this.#loaded ??= loadGuards(this.#options));
    const runnable = guards.flatMap((guard) => {
      const index = indexes.get(guard);
      return index === undefined ? [] : [{ guard, index }];
    });
    const reply = await requestGuards(pool, { guards: runnable.map(({ index }) => index), subject, timeoutMs, clock });
    for (const { guard, level, message } of reply.lines) log[level](message, { guard: configured[guard]?.key });
    const checkByGuard = checksOf(
      runnable.map(({ guard, index }) => ({ guard, result: reply.results.get(index) })),
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

async function loadGuards({ guards, workerFile, disk, log }: GuardPoolOptions): Promise<LoadedGuards> {
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
  return { pool: sources.length === 0 ? undefined : await startGuardPool(workerFile, sources, log), indexes, problems };
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
