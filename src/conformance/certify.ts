/** Runs the numbered cases against one adapter and reports which guarantees the desk can give with it. */
import type { Dialect } from "../domain/sdk-kit.ts";
import { basename, dirname } from "node:path";
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import type { Method } from "../protocol/messages.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { Clock, Disk, Ids, Progress } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { VenueInstrument } from "../domain/market/venue.ts";
import type { Bundle } from "../host/bundle.ts";
import type { Transport } from "../host/transport.ts";
import { callTimeout } from "../host/worker-session.ts";
import { BarStore } from "../workspace/bars.ts";
import type { CertifySettings } from "../workspace/certify-settings.ts";
import { CaseLeftOut, CaseSkipped, CaseUntried } from "./assert.ts";
import { CASES } from "./cases.ts";
import { assertNoInventedFill } from "./fill-assertions.ts";
import { guaranteesOf } from "./guarantees.ts";
import { type ConformanceHarness, type HarnessDeps, bundleForKit, firstLine, openHarness } from "./harness.ts";
import type { ReadBars } from "./venue/in-memory-store.ts";
import type { CaseReport, Report } from "./report.ts";
import type { TestCase } from "./test-case.ts";
import { reaches, venueLevelOf } from "./venue/test-venue.ts";
import type { VenueProcess } from "./venue/venue-hooks.ts";
import { verdictOf } from "./verdict.ts";
import { counted } from "../lib/counted.ts";

export interface CertifyOptions {
  /** Absolute path of the adapter's entry file. */
  readonly adapter: string;
  readonly name: string;
  readonly settings: CertifySettings;
  readonly isolation: "worker" | "process";
  /** Creates the transport of a new worker session at that isolation level. */
  readonly transport: (memoryMb: number, network: NetworkPolicy) => Promise<Transport>;
  /** The wire format of the kit's own venue; undefined: the kit's. */
  readonly dialect?: (() => Dialect | Promise<Dialect>) | undefined;
  /** Starts the process of the author's fake venue; called only with `venue` in the settings. */
  readonly startVenue: () => Promise<VenueProcess>;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Called with one line as each case ends. */
  readonly progress: Progress;
  /** Ids of the cases to run; undefined runs all. */
  readonly only?: readonly string[] | undefined;
}

/** Cases mostly wait for timers and sockets, so a few run at the same time. */
const CONCURRENT_CASES = 3;

/** Never throws because of the adapter: its failures are in the report. */
export async function certify(options: CertifyOptions): Promise<Report> {
  const { adapter, name, settings, isolation, transport, dialect, startVenue, clock, ids, only, progress } = options;
  let bundle: Promise<Bundle> | undefined;
  const deps: HarnessDeps = {
    settings,
    clock,
    ids,
    transport,
    dropped: [],
    dialect,
    startVenue,
    bars: barsReader(options.disk, settings.bars),
    bundle: () => (bundle ??= bundleForKit(name, adapter, options.disk, settings)),
  };
  const profile = await profileAdapter(deps);
  const caseDeps = { ...deps, instrument: profile.instrument };
  const selected = CASES.filter(({ id }) => only === undefined || only.includes(id));
  // A venue that accepts one session at a time would refuse a second case.
  const atOnce = settings.serial ? 1 : CONCURRENT_CASES;
  const runAndReport = async (testCase: TestCase): Promise<CaseReport> => {
    const report = await runCase(testCase, caseDeps, profile);
    if (isNotStarted(report, profile)) return report;
    const reason = report.reason === undefined ? "" : `: ${report.reason}`;
    progress.line(`${report.id} ${report.outcome} ${report.title}${reason}`);
    return report;
  };
  const [last, others] = [selected.filter(({ isLast }) => isLast), selected.filter(({ isLast }) => !isLast)];
  const cases = [
    ...(await mapConcurrently(others, atOnce, runAndReport)),
    ...(await mapConcurrently(last, atOnce, runAndReport)),
  ];
  const { digest, methods, capabilities, startFailure } = profile;
  const notRun = cases.filter((report) => isNotStarted(report, profile)).length;
  const notStarted = startFailure && { reason: startFailure.reason, cases: notRun };
  if (notRun > 0)
    progress.line(`${counted(notRun, "case was", "cases were")} not run, because the connector does not start`);
  const partial = only !== undefined;
  const guarantees = guaranteesOf(profile, cases);
  const verdict = verdictOf(cases, partial);
  return {
    adapter,
    name,
    isolation,
    digest,
    methods,
    capabilities,
    partial,
    cases,
    notStarted,
    guarantees,
    ...verdict,
  };
}

/** Returns what reads the bars of certify.toml's folder; without one no symbol has bars. */
function barsReader(disk: Disk, folder: string | undefined): ReadBars {
  if (folder === undefined) return () => Promise.resolve([]);
  const store = new BarStore({ disk, root: dirname(folder) }, basename(folder));
  return (symbol) => store.read(symbol);
}

interface AdapterProfile {
  readonly digest: string;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  readonly instrument?: VenueInstrument | undefined;
  /** Why the venue or the adapter does not start; undefined if both do. */
  readonly startFailure?: StartFailure | undefined;
}

interface StartFailure {
  readonly reason: string;
  /** The step at which every start fails, whatever a case changes; undefined: a case may start it in another way. */
  readonly step?: TestCase["step"];
  readonly ms: number;
}

/** Whether the case did not run because the adapter does not start: one line counts all of them. */
function isNotStarted({ outcome, reason }: CaseReport, { startFailure }: AdapterProfile): boolean {
  return outcome === "untried" && startFailure !== undefined && reason === startFailure.reason;
}

/** Starts the adapter once to read its methods and capabilities. */
async function profileAdapter(deps: HarnessDeps): Promise<AdapterProfile> {
  let harness: ConformanceHarness;
  try {
    harness = await openHarness(deps);
  } catch (error) {
    const startFailure = { reason: `the venue does not start: ${messageOf(error)}`, ms: 0 };
    return { digest: "", methods: [], capabilities: {}, startFailure };
  }
  try {
    const startedAt = deps.clock.monotonic();
    await harness.connector.start();
    const ms = Math.round(deps.clock.monotonic() - startedAt);
    const { state, digest = "", methods, capabilities } = harness.connector.status;
    const startFailure = state === "ready" ? undefined : await startFailureOf(harness, ms);
    const instrument = methods.includes("getInstrument")
      ? await harness.calls.instrument("kit", deps.settings.symbol).catch(() => undefined)
      : undefined;
    return { digest, methods, capabilities, instrument: instrument ?? undefined, startFailure };
  } finally {
    await harness.close();
  }
}

async function startFailureOf(harness: ConformanceHarness, ms: number): Promise<StartFailure> {
  const { state, methods, lastError } = harness.connector.status;
  const fault = await harness.findVenueFault();
  if (fault !== undefined) return { reason: fault, ms };
  const reason = `the adapter does not start: ${firstLine(lastError ?? `the connector is ${state}`)}`;
  const isSilent = ms >= callTimeout("connect");
  return { reason, ms, step: methods.length === 0 ? "load" : isSilent ? "connect" : undefined };
}

async function runCase(testCase: TestCase, deps: HarnessDeps, profile: AdapterProfile): Promise<CaseReport> {
  const { id, group, title, proves, step } = testCase;
  const { startFailure } = profile;
  // A second start would wait as long again.
  if (step === "connect" && startFailure?.step === "connect")
    return { id, group, title, proves, outcome: "failed", reason: startFailure.reason, ms: startFailure.ms };
  const obstacle = obstacleOf(testCase, deps.settings, profile);
  if (obstacle !== undefined) return { id, group, title, proves, ...obstacle, ms: 0 };
  const startedAt = deps.clock.monotonic();
  const result = await runInHarness(testCase, deps);
  return { id, group, title, proves, ...result, ms: Math.round(deps.clock.monotonic() - startedAt) };
}

type CaseResult = Pick<CaseReport, "outcome" | "reason" | "isLeftOut">;

async function runInHarness(testCase: TestCase, deps: HarnessDeps): Promise<CaseResult> {
  let harness: ConformanceHarness;
  try {
    harness = await openHarness(deps);
  } catch (error) {
    return { outcome: "failed", reason: `the venue does not start: ${messageOf(error)}` };
  }
  const result = await outcomeOf(testCase, harness);
  await harness.close();
  return result;
}

async function outcomeOf(testCase: TestCase, harness: ConformanceHarness): Promise<CaseResult> {
  try {
    if (testCase.startsConnector !== true) await harness.start();
    await testCase.run(harness);
    assertNoInventedFill(harness);
  } catch (error) {
    if (error instanceof CaseSkipped) return { outcome: "skipped", reason: error.message };
    if (error instanceof CaseLeftOut) return { outcome: "skipped", reason: error.message, isLeftOut: true };
    if (error instanceof CaseUntried) return { outcome: "untried", reason: error.message };
    // An adapter call that the case expected to succeed threw; its message is the best description.
    return { outcome: "failed", reason: (await harness.findVenueFault()) ?? messageOf(error) };
  }
  // What a case saw at a venue that failed meanwhile proves nothing.
  const reason = await harness.findVenueFault();
  return reason === undefined ? { outcome: "passed" } : { outcome: "failed", reason };
}

type Obstacle = Pick<CaseReport, "reason"> & { readonly outcome: "skipped" | "untried" };

const NEXT_LEVEL = {
  proxied: "set venue or upstream in certify.toml, or use {venue} in an option, so that the kit can cause faults",
  hooked: "set venue in certify.toml to a module with your fake venue, so that the kit can fill orders and set prices",
} as const;

/** Returns why the case cannot run with this adapter and these settings; undefined if it can. */
function obstacleOf(
  { group, needs, startsConnector, step }: TestCase,
  settings: CertifySettings,
  { methods, capabilities, startFailure }: AdapterProfile,
): Obstacle | undefined {
  const skipped = (reason: string): Obstacle => ({ outcome: "skipped", reason });
  const untried = (reason: string): Obstacle => ({ outcome: "untried", reason });
  const mayStart = startFailure?.step === undefined ? startsConnector === true : step === startFailure.step;
  if (startFailure !== undefined && !mayStart) return untried(startFailure.reason);
  if (group === "quotes" && !settings.quotes) return skipped("certify.toml says that the adapter has no quotes");
  if (needs === undefined) return undefined;
  if (needs.orders === true && !settings.orders && !methods.includes("placeOrder"))
    return skipped("the adapter brings data only: it has no placeOrder");
  const missing = needs.methods?.filter((method) => !methods.includes(method)) ?? [];
  if (missing.length > 0) return skipped(`the adapter has no ${missing.join(", ")}`);
  const declared = needs.declares === undefined ? true : capabilities[needs.declares];
  if (declared === undefined || declared === false || declared === "none")
    return skipped(`the adapter does not declare ${needs.declares}`);
  const level = venueLevelOf(settings);
  if (needs.venue !== undefined && !settings.network) return skipped("the adapter has no network, so no venue to fail");
  if (needs.venue !== undefined && !reaches(level, needs.venue)) return untried(NEXT_LEVEL[needs.venue]);
  if (needs.orders === true && !settings.orders)
    return untried("certify.toml does not allow orders: set orders = true if the venue is a fake or a test net");
  // The adapter started, so it needs no secret.
  if (needs.auth === true && Object.keys(settings.auth).length === 0) return skipped("certify.toml has no secret");
  return undefined;
}

/** Maps with `atOnce` at a time; results are in the order of the items. */
async function mapConcurrently<T, R>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
