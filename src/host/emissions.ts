/** What a worker session emits: stores it in the order of its numbers, and acknowledges what is on disk. */
import { setImmediate } from "node:timers";
import { messageOf } from "../domain/errors/error.ts";
import type { ConnectorName } from "../domain/ids.ts";
import type { UnreadItem } from "../domain/market/venue.ts";
import type { FillSink, PushSink } from "../domain/ports.ts";
import type { EmittedBatch, WorkerEvent } from "../protocol/messages.ts";
import { parseCanonicalQuote } from "../protocol/quote-schema.ts";
import { activitySchema, quoteSchema, reportSchema } from "../protocol/schemas.ts";
import type { RefusedFills } from "./refused-fills.ts";
import type { SecretMask } from "./secret-mask.ts";

export interface EmissionOptions {
  readonly name: ConnectorName;
  /** Number of the session, from 1. */
  readonly generation: number;
  readonly secretMask: Pick<SecretMask, "mask">;
  readonly refusedFills: RefusedFills;
  readonly fillSink: FillSink;
  readonly pushSink: PushSink;
  readonly acknowledge: (last: number) => void;
  /** Ends the session. */
  readonly cutOff: (reason: string) => void;
}

const REPORT_FORM = { method: "emitReport", noun: "report", shape: reportSchema };
const ACTIVITY_FORM = { method: "emitActivity", noun: "activity", kind: "activity", shape: activitySchema } as const;
const QUOTE_FORM = {
  method: "emitQuote",
  noun: "quote",
  shape: quoteSchema,
  readCanonical: parseCanonicalQuote,
};

export class Emissions {
  readonly #options: EmissionOptions;
  #last = 0;
  /** On disk, and not yet acknowledged. */
  #toAcknowledge: number | undefined;
  #stored: Promise<void> = Promise.resolve();

  constructor(options: EmissionOptions) {
    this.#options = options;
  }

  /** Resolves when everything received so far is stored or refused. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  /** Items are numbered without gaps, stored in order, and acknowledged when they are on disk. */
  receive(batch: EmittedBatch): void {
    const { cutOff } = this.#options;
    const previous = this.#last;
    if (batch.first !== previous + 1) {
      cutOff(`item ${batch.first} arrived after item ${previous}: what is emitted must be numbered without gaps`);
      return;
    }
    const last = previous + batch.items.length;
    this.#last = last;
    // Stored at once, so that batches of one tick share one flush; acknowledged in order. A batch that could not be
    // stored is not acknowledged: the session ends, and the next session requests these items from the venue.
    const stored = this.#store(batch);
    stored.catch(() => undefined);
    this.#stored = this.#stored
      .then(() => stored)
      .then(() => this.#acknowledgeSoon(last))
      .catch((error: unknown) => cutOff(messageOf(error)));
  }

  /** The batches of one flush are acknowledged by one message. */
  #acknowledgeSoon(last: number): void {
    const isScheduled = this.#toAcknowledge !== undefined;
    this.#toAcknowledge = last;
    if (isScheduled) return;
    setImmediate(() => {
      this.#options.acknowledge(this.#toAcknowledge ?? last);
      this.#toAcknowledge = undefined;
    });
  }

  /** @throws PROTOCOL if too many are malformed. */
  receiveQuotes({ quotes }: Extract<WorkerEvent, { e: "quotes" }>): void {
    const { refusedFills, pushSink } = this.#options;
    pushSink.quotes(refusedFills.parseItems(QUOTE_FORM, this.#masked(quotes)));
  }

  /** Stores the well-formed items. @throws PROTOCOL if too many are malformed. */
  async #store({ e: kind, items }: EmittedBatch): Promise<void> {
    const { name, generation, refusedFills, fillSink, pushSink } = this.#options;
    const raw = this.#masked(items);
    const unread: UnreadItem[] = [];
    if (kind === "fills") {
      const fills = refusedFills.parse("emitFill", raw, unread);
      if (fills.length > 0 || unread.length > 0)
        await fillSink.accept({ connector: name, generation, fills, ...(unread.length > 0 && { unread }) });
      return;
    }
    if (kind === "reports") await pushSink.reports(refusedFills.parseItems(REPORT_FORM, raw));
    else await pushSink.activities(refusedFills.parseItems(ACTIVITY_FORM, raw, unread), unread);
  }

  #masked(items: readonly unknown[]): readonly unknown[] {
    return this.#options.secretMask.mask(items) as readonly unknown[];
  }
}
