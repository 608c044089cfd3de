/** Runs the numbered cases against one adapter and says what the desk can promise with it. */
import type { Method } from "../protocol/messages.ts";
import { messageOf } from "../domain/error.ts";
import type { Clock, Disk, Ids } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Bundle } from "../host/bundle.ts";
import type { Transport } from "../host/transport.ts";
import type { CertifySettings } from "../workspace/certify-settings.ts";
import { type Case, CaseFailed, CaseSkipped } from "./test-case.ts";
import { CASES } from "./cases.ts";
import { guaranteesOf } from "./guarantees.ts";
import type { CaseReport, Report } from "./report.ts";
import {
  type ConformanceHarness,
  type HarnessDeps,
  bundleForKit,
  firstLine,
  openHarness,
  usesVenue,
} from "./harness.ts";

export interface CertifyOptions {
  /** Absolute. */
  readonly adapter: string;
  readonly name: string;
  readonly settings: CertifySettings;
  readonly isolation: "worker" | "process";
  /** A new life's transport, at that level. */
  readonly transport: (memoryMb: number) => Transport;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly ids: Ids;
  /** A line of progress, as each case ends. */
  readonly say: (line: string) => void;
  /** Ids of the cases to run; all where it is left out. */
  readonly only?: readonly string[];
}

/** Cases under way at once: most of their time is waiting. */
const AT_ONCE = 3;

/** Never throws for what the adapter does: that is in the report. */
export async function certify(options: CertifyOptions): Promise<Report> {
  const { adapter, name, settings, isolation, transport, clock, ids, only, say } = options;
  let made: Promise<Bundle> | undefined;
  const world: HarnessDeps = {
    settings,
    clock,
    ids,
    transport,
    bundle: () => (made ??= bundleForKit(name, adapter, options.disk, settings)),
  };
  const facts = await lookAt(world);
  const chosen = CASES.filter(({ id }) => only === undefined || only.includes(id));
  const cases = await inTurns(chosen, async (one) => {
    const report = await runCase(one, world, facts);
    say(`${report.id} ${report.outcome} ${report.title}${report.reason === undefined ? "" : `: ${report.reason}`}`);
    return report;
  });
  const count = (outcome: string): number => cases.filter((report) => report.outcome === outcome).length;
  const counts = { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
  const { digest, methods, capabilities } = facts;
  const certified = only === undefined && counts.failed === 0 && facts.trouble === undefined;
  const partial = only !== undefined;
  const guarantees = guaranteesOf(facts, cases);
  return { adapter, name, isolation, digest, methods, capabilities, counts, certified, partial, cases, guarantees };
}

interface AdapterProfile {
  readonly digest: string;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  /** Why it does not come up. */
  readonly trouble?: string;
}

/** Starts it once, to know what it has. */
async function lookAt(world: HarnessDeps): Promise<AdapterProfile> {
  const stand = await openHarness(world);
  try {
    await stand.connector.start();
    const { state, digest = "", methods, capabilities, lastError } = stand.connector.facts;
    const facts = { digest, methods, capabilities };
    return state === "ready" ? facts : { ...facts, trouble: firstLine(lastError ?? `it is ${state}`) };
  } finally {
    await stand.close();
  }
}

async function runCase(one: Case, world: HarnessDeps, facts: AdapterProfile): Promise<CaseReport> {
  const { id, group, title, proves } = one;
  const lacking = whyNot(one, world.settings, facts);
  if (lacking !== undefined) return { id, group, title, proves, outcome: "skipped", reason: lacking, ms: 0 };
  const started = world.clock.monotonic();
  const stand = await openHarness(world);
  const ended = await outcomeOf(one, stand);
  await stand.close();
  return { id, group, title, proves, ...ended, ms: Math.round(world.clock.monotonic() - started) };
}

async function outcomeOf(one: Case, stand: ConformanceHarness): Promise<Pick<CaseReport, "outcome" | "reason">> {
  try {
    if (one.isCold !== true) await stand.start();
    await one.run(stand);
    return { outcome: "passed" };
  } catch (error) {
    if (error instanceof CaseSkipped) return { outcome: "skipped", reason: error.message };
    if (error instanceof CaseFailed) return { outcome: "failed", reason: error.message };
    // A call that was expected to answer did not: its own words say it best.
    return { outcome: "failed", reason: messageOf(error) };
  }
}

/** Why the case does not apply, where that is so. */
function whyNot(
  { needs, isCold }: Case,
  settings: CertifySettings,
  { methods, capabilities, trouble }: AdapterProfile,
): string | undefined {
  if (trouble !== undefined && isCold !== true) return `it does not come up: ${trouble}`;
  if (needs === undefined) return undefined;
  const absent = needs.methods?.filter((method) => !methods.includes(method)) ?? [];
  if (absent.length > 0) return `it has no ${absent.join(", ")}`;
  const declared = needs.declares === undefined ? true : capabilities[needs.declares];
  if (declared === undefined || declared === false || declared === "none")
    return `it does not declare ${needs.declares}`;
  if (needs.venue === true && !usesVenue(settings))
    return "it does not speak to the kit's venue: no option of certify.toml holds {venue}";
  if (needs.orders === true && !settings.orders) return "certify.toml lets it place no orders";
  if (needs.auth === true && Object.keys(settings.auth).length === 0) return "certify.toml gives it no secret";
  return undefined;
}

/** A few at a time, answers in their order. */
async function inTurns<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return results;
}
