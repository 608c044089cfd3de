/**
 * Runs the operator's own guards in one thread beside the host: an endless loop, a throw or a lack of memory blocks the order
 * and nothing else. The thread is not a wall against hostile code; a guard is the operator's own, and a single huge allocation
 * can still end the process, as in a connector's worker.
 *
 * A guard's file is read once, when the desk starts: what was bundled then runs until the desk restarts.
 */
import type { Piscina } from "piscina";
import type { GuardRow, GuardSource, GuardTask } from "../protocol/guard-messages.ts";
import type { CustomGuard } from "../domain/guard-config.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import type { Check } from "../domain/verdict.ts";
import { block, failed, pass } from "../gate/check-result.ts";
import type { GuardRunner } from "../gate/guard-runner.ts";
import { type GuardBundle, bundleGuard } from "./bundle-guard.ts";
import { startPool, requestGuards } from "./guard-thread.ts";
import { SerialQueue } from "../lib/serial-queue.ts";

/** All guards together, on one order. */
export const GUARDS_TIMEOUT_MS = 1_000;
/** A new thread starts and loads its guards outside of an order's time: a slow machine is not a guard that hangs. */
const LOAD_MS = 5_000;
/** Orders are judged one after another; behind so many that hang, an order is not kept waiting. */
const WAIT_MS = 10_000;
const CLOSE_MS = 2_000;

export interface GuardPool extends GuardRunner {
  /** Bundles and loads the guards before the first order comes, and logs what is wrong with them. Never rejects. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

export interface GuardPoolOptions {
  /** Those that are enabled, in the order of desk.toml. */
  readonly guards: readonly CustomGuard[];
  /** Absolute path of the thread's own text. */
  readonly workerFile: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the first task makes, for the life of the desk. */
interface Opened {
  /** Absent where no guard could be bundled. */
  readonly pool: Piscina | undefined;
  readonly places: ReadonlyMap<CustomGuard, number>;
  readonly problems: ReadonlyMap<CustomGuard, string>;
}

/** Nothing is loaded and no thread runs before the first guard is asked, or `warm`. */
export function openGuardPool(options: GuardPoolOptions): GuardPool {
  const { clock, log } = options;
  let opened: Promise<Opened> | undefined;
  const queue = new SerialQueue();
  let isClosed = false;
  /** Whether the guards, as they are, have been seen to load. */
  let doesLoad = false;

  /** One row for each guard, whatever happens. `asked` is what they judge; without it they are only loaded. */
  const ask = async (guards: readonly CustomGuard[], asked: GuardTask["asked"], ms: number): Promise<GuardAnswer> => {
    if (isClosed) return { rows: guards.map((guard) => failed(guard.key, "the desk is stopping")), isLost: false };
    const { pool, places, problems } = await (opened ??= open(options));
    const chain = guards.filter((guard) => places.has(guard));
    const told = await requestGuards(pool, { chain: chain.map((guard) => places.get(guard) ?? -1), asked, ms, clock });
    for (const { guard, level, text } of told.lines) log[level](text, { guard: options.guards[guard]?.key });
    const given = chain.map((guard) => told.rows.get(places.get(guard) ?? -1));
    const answers = rowsOf(chain, given, told.problem);
    const rows = guards.map(
      (guard) =>
        answers.get(guard) ??
        failed(guard.key, problems.get(guard) ?? "it is not among the guards this desk started with"),
    );
    const isLost = told.problem !== undefined;
    doesLoad = !isLost || (doesLoad && asked !== undefined);
    return { rows, isLost };
  };

  const load = async (): Promise<void> => {
    const { rows } = await ask(options.guards, undefined, LOAD_MS);
    if (isClosed) return;
    for (const { decision, guard, message } of rows)
      if (decision !== "allow")
        log.error(`${message}; every order is blocked until this is put right and the desk restarted`, { guard });
  };

  const judge = async (
    guards: readonly CustomGuard[],
    asked: NonNullable<GuardTask["asked"]>,
    since: number,
  ): Promise<readonly Check[]> => {
    if (clock.monotonic() - since > WAIT_MS)
      return guards.map((guard) => failed(guard.key, "earlier orders kept the guards busy"));
    const { rows, isLost } = await ask(guards, asked, GUARDS_TIMEOUT_MS);
    if (isLost && !isClosed) {
      log.error("the thread of the custom guards was replaced", {
        reason: rows.find((row) => row.decision === "block")?.message,
      });
      // Guards that have not loaded before would hang again, and hold up the next order longer than an order may take.
      if (doesLoad) void queue.run(load).catch(() => undefined);
    }
    return rows;
  };

  return {
    run: async (guards, order, book) => {
      const since = clock.monotonic();
      return queue
        .run(() => judge(guards, { order, book }, since))
        .catch((error: unknown) => guards.map((guard) => failed(guard.key, error)));
    },
    warm: () =>
      options.guards.length === 0
        ? Promise.resolve()
        : queue.run(load).catch((error: unknown) => log.error(String(error))),
    close: async () => {
      isClosed = true;
      const state = await opened?.catch(() => undefined);
      if (state?.pool !== undefined) await inTime(state.pool.destroy(), clock);
    },
  };
}

interface GuardAnswer {
  readonly rows: readonly Check[];
  /** The thread did not live to the end of it. */
  readonly isLost: boolean;
}

async function open({ guards, workerFile, disk, log }: GuardPoolOptions): Promise<Opened> {
  const bundles = new Map<string, Promise<GuardBundle>>();
  const sources: GuardSource[] = [];
  const places = new Map<CustomGuard, number>();
  const problems = new Map<CustomGuard, string>();
  for (const guard of guards) {
    const { key, adapter, options } = guard;
    const bundle = bundles.get(adapter) ?? bundleGuard(guard, disk);
    bundles.set(adapter, bundle);
    const made = await bundle;
    if ("problem" in made) problems.set(guard, made.problem);
    else places.set(guard, sources.push({ key, code: made.code, filename: adapter, options }) - 1);
  }
  return { pool: sources.length === 0 ? undefined : await startPool(workerFile, sources, log), places, problems };
}

/**
 * Guards are asked in order: the first without an answer is the one that hung, and those behind it were not asked. Where all
 * have answered and the thread is lost all the same, nobody can say through whom: no answer counts.
 */
function rowsOf(
  chain: readonly CustomGuard[],
  answers: readonly (GuardRow | undefined)[],
  problem: string | undefined,
): ReadonlyMap<CustomGuard, Check> {
  const culprit = chain[answers.indexOf(undefined)];
  const rowOf = (guard: CustomGuard, answer: GuardRow | undefined): Check => {
    const silent = (words: string): Check =>
      block(guard.key, "GUARD_NO_ANSWER", `${words} ${problem ?? "did not answer"}`);
    if (answer === undefined)
      return silent(guard === culprit ? guard.key : `${guard.key} was not asked: ${culprit?.key ?? ""}`);
    if (problem !== undefined && culprit === undefined) return silent(`${guard.key}: no answer counts, for the chain`);
    return checkOf(guard, answer);
  };
  return new Map(chain.map((guard, index) => [guard, rowOf(guard, answers[index])]));
}

function checkOf({ key }: CustomGuard, { outcome, text }: GuardRow): Check {
  if (outcome === "allow") return pass(key, text);
  return outcome === "block" ? block(key, "CUSTOM_GUARD_BLOCKED", text) : failed(key, text);
}

/** A thread that cannot be ended does not keep the desk from stopping. */
function inTime(task: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(CLOSE_MS, resolve);
    void task.then(cancel, cancel).then(resolve);
  });
}
