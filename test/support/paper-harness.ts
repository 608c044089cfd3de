/** Runs the paper connector with a fake store and a recording log. Use it with fake timers. */
import PaperVenue from "../../connectors/paper/index.ts";
import type { Activity, Bar, ConnectorContext, Fill } from "../../src/domain/sdk.ts";
import { CrashStore } from "./crash-store.ts";

export interface PaperHarness {
  readonly venue: PaperVenue;
  readonly store: CrashStore;
  readonly fills: Fill[];
  readonly log: string[];
  readonly activities?: Activity[];
}

export interface PaperHarnessOptions {
  readonly options?: Record<string, unknown>;
  readonly store?: CrashStore;
  readonly bars?: Record<string, Bar[]>;
  readonly onFill?: (fill: Fill) => void;
  /** The venue whose quotes are taken. */
  readonly source?: ConnectorContext["source"];
}

const NO_SOURCE: ConnectorContext["source"] = {
  quote: () => Promise.reject(new Error("no source")),
  instrument: () => Promise.reject(new Error("no source")),
};

/** Only the context, for tests that do not connect the venue. */
export function paperContext(given: PaperHarnessOptions, harness: Omit<PaperHarness, "venue">): ConnectorContext {
  const line = (level: string) => (message: string) => void harness.log.push(`${level} ${message}`);
  return {
    secret: (name) => {
      throw new Error(`no secret ${name}`);
    },
    logger: { info: line("info"), warn: line("warn"), error: line("error") },
    // The paper venue can read each of its own.
    emitFill: (fill) => {
      harness.fills.push(fill as Fill);
      given.onFill?.(fill as Fill);
    },
    emitReport: () => undefined,
    emitActivity: (activity) => void harness.activities?.push(activity as Activity),
    emitQuote: () => undefined,
    link: () => undefined,
    options: Object.freeze({ ...given.options }),
    store: harness.store,
    bars: (symbol) => Promise.resolve(given.bars?.[symbol] ?? []),
    source: given.source ?? NO_SOURCE,
  };
}

export async function openPaper(given: PaperHarnessOptions = {}): Promise<PaperHarness> {
  const harness = { store: given.store ?? new CrashStore(), fills: [] as Fill[], log: [] as string[] };
  const venue = new PaperVenue();
  await venue.connect(paperContext({ ...given, options: { bar_seconds: 2, ...given.options } }, harness));
  return { venue, ...harness };
}
