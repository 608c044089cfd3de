/** Runs the numbered cases against one adapter and reports which guarantees the desk can give with it. */
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import type { Method } from "../protocol/messages.ts";
import { messageOf } from "../domain/error.ts";
import type { Clock, Disk, Ids, Progress } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Bundle } from "../host/bundle.ts";
import type { Transport } from "../host/transport.ts";
import type { CertifySettings } from "../workspace/certify-settings.ts";
import { CaseFailed, CaseSkipped } from "./assert.ts";
import { CASES } from "./cases.ts";
import { guaranteesOf } from "./guarantees.ts";
import {
  type ConformanceHarness,
  type HarnessDeps,
  bundleForKit,
  firstLine,
  openHarness,
  usesFakeVenue,
} from "./harness.ts";
import type { CaseReport, Report } from "./report.ts";
import type { TestCase } from "./test-case.ts";

export interface CertifyOptions {
  /** Absolute path of the adapter's entry file. */
  readonly adapter: string;
  readonly name: string;
  readonly settings: CertifySettings;
  readonly isolation: "worker" | "process";
  /** Creates the transport of a new worker session at that isolation level. */
  readonly transport: (memoryMb: number, network: NetworkPolicy) => Transport;
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
  const { adapter, name, settings, isolation, transport, clock, ids, only, progress } = options;
  let bundle: Promise<Bundle> | undefined;
  const deps: HarnessDeps = {
    settings,
    clock,
    ids,
    transport,
    dropped: [],
    bundle: () => (bundle ??= bundleForKit(name, adapter, options.disk, settings)),
  };
  const profile = await profileAdapter(deps);
  const selected = CASES.filter(({ id }) => only === undefined || only.includes(id));
  const runAndReport = async (testCase: TestCase): Promise<CaseReport> => {
    const report = await runCase(testCase, deps, profile);
    const reason = report.reason === undefined ? "" : `: ${report.reason}`;
    progress.line(`${report.id} ${report.outcome} ${report.title}${reason}`);
    return report;
  };
  const [last, others] = [selected.filter(({ isLast }) => isLast), selected.filter(({ isLast }) => !isLast)];
  const cases = [...(await mapConcurrently(others, runAndReport)), ...(await mapConcurrently(last, runAndReport))];
  const count = (outcome: string): number => cases.filter((report) => report.outcome === outcome).length;
  const counts = { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
  const { digest, methods, capabilities } = profile;
  const certified = only === undefined && counts.failed === 0 && profile.startFailure === undefined;
  const partial = only !== undefined;
  const guarantees = guaranteesOf(profile, cases);
  return { adapter, name, isolation, digest, methods, capabilities, counts, certified, partial, cases, guarantees };
}

interface AdapterProfile {
  readonly digest: string;
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  /** Why the adapter does not start; undefined if it does. */
  readonly startFailure?: string | undefined;
}

/** Starts the adapter once to read its methods and capabilities. */
async function profileAdapter(deps: HarnessDeps): Promise<AdapterProfile> {
  const harness = await openHarness(deps);
  try {
    await harness.connector.start();
    const { state, digest = "", methods, capabilities, lastError } = harness.connector.status;
    const startFailure = state === "ready" ? undefined : firstLine(lastError ?? `the connector is ${state}`);
    return { digest, methods, capabilities, startFailure };
  } finally {
    await harness.close();
  }
}

async function runCase(testCase: TestCase, deps: HarnessDeps, profile: AdapterProfile): Promise<CaseReport> {
  const { id, group, title, proves } = testCase;
  const skipReason = reasonToSkip(testCase, deps.settings, profile);
  if (skipReason !== undefined) return { id, group, title, proves, outcome: "skipped", reason: skipReason, ms: 0 };
  const startedAt = deps.clock.monotonic();
  const harness = await openHarness(deps);
  const result = await outcomeOf(testCase, harness);
  await harness.close();
  return { id, group, title, proves, ...result, ms: Math.round(deps.clock.monotonic() - startedAt) };
}

async function outcomeOf(
  testCase: TestCase,
  harness: ConformanceHarness,
): Promise<Pick<CaseReport, "outcome" | "reason">> {
  try {
    if (testCase.startsConnector !== true) await harness.start();
    await testCase.run(harness);
    return { outcome: "passed" };
  } catch (error) {
    if (error instanceof CaseSkipped) return { outcome: "skipped", reason: error.message };
    if (error instanceof CaseFailed) return { outcome: "failed", reason: error.message };
    // An adapter call that the case expected to succeed threw; its message is the best description.
    return { outcome: "failed", reason: messageOf(error) };
  }
}

/** Returns why the case does not apply to this adapter; undefined if it does. */
function reasonToSkip(
  { needs, startsConnector }: TestCase,
  settings: CertifySettings,
  { methods, capabilities, startFailure }: AdapterProfile,
): string | undefined {
  if (startFailure !== undefined && startsConnector !== true) return `the adapter does not start: ${startFailure}`;
  if (needs === undefined) return undefined;
  const missing = needs.methods?.filter((method) => !methods.includes(method)) ?? [];
  if (missing.length > 0) return `the adapter has no ${missing.join(", ")}`;
  const declared = needs.declares === undefined ? true : capabilities[needs.declares];
  if (declared === undefined || declared === false || declared === "none")
    return `the adapter does not declare ${needs.declares}`;
  if (needs.venue === true && !usesFakeVenue(settings))
    return "the adapter does not use the kit's venue: no option in certify.toml contains {venue}";
  if (needs.orders === true && !settings.orders) return "certify.toml does not allow orders";
  if (needs.auth === true && Object.keys(settings.auth).length === 0) return "certify.toml has no secret";
  return undefined;
}

/** Maps with CONCURRENT_CASES at a time; results are in the order of the items. */
async function mapConcurrently<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: CONCURRENT_CASES }, worker));
  return results;
}
