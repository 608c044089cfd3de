/** The paper connector as its host would run it, on a fake store and a log that keeps its lines. Use fake timers with it. */
import PaperVenue from "../../connectors/paper/index.ts";
import type { Bar, ConnectorContext, Fill } from "../../src/domain/sdk.ts";
import { CrashStore } from "./crash-store.ts";

export interface PaperHarness {
  readonly venue: PaperVenue;
  readonly store: CrashStore;
  readonly fills: Fill[];
  readonly log: string[];
}

export interface PaperHarnessOptions {
  readonly options?: Record<string, unknown>;
  readonly store?: CrashStore;
  readonly bars?: Record<string, Bar[]>;
  readonly onFill?: (fill: Fill) => void;
}

/** The context alone, for a venue that is not to connect. */
export function paperContext(given: PaperHarnessOptions, stand: Omit<PaperHarness, "venue">): ConnectorContext {
  const line = (level: string) => (message: string) => void stand.log.push(`${level} ${message}`);
  return {
    secret: (name) => {
      throw new Error(`no secret ${name}`);
    },
    logger: { info: line("info"), warn: line("warn"), error: line("error") },
    emitFill: (fill) => {
      stand.fills.push(fill);
      given.onFill?.(fill);
    },
    options: Object.freeze({ ...given.options }),
    store: stand.store,
    bars: (symbol) => Promise.resolve(given.bars?.[symbol] ?? []),
  };
}

export async function openPaper(given: PaperHarnessOptions = {}): Promise<PaperHarness> {
  const stand = { store: given.store ?? new CrashStore(), fills: [] as Fill[], log: [] as string[] };
  const venue = new PaperVenue();
  await venue.connect(paperContext(given, stand));
  return { venue, ...stand };
}
