/** One human reading one proposal: reads it, follows its changes, and sends at most one decision at a time. */
import { type Signal, batch, signal } from "@preact/signals";
import type { ReviewedOrder } from "../../domain/orders/review-view.ts";
import { type OrderReceipt, approve, reject } from "../decisions.ts";
import { type Answer, type RequestError, requestErrorOf } from "../desk-client.ts";
import type { PageServices } from "../page-context.ts";
import { type ReviewReading, begin, isProposal, takeAnswer, wordsOf } from "./review-state.ts";

/** After any change the buttons pause, so that a press meant for what was there before decides nothing. */
const PAUSE_MS = 700;
/** The venue is asked for its quote this often while the page is in front of the human. */
const QUOTE_MS = 10_000;

export type Phase = "reading" | "sending" | "asking" | "decided";

export class ReviewSession {
  readonly id: string;
  /** The name under which the page keeps the comment. */
  readonly draft: string;
  readonly reading: Signal<ReviewReading | undefined> = signal(undefined);
  /** The order, if it does not wait for a decision. */
  readonly order: Signal<ReviewedOrder | undefined> = signal(undefined);
  readonly error: Signal<RequestError | undefined> = signal(undefined);
  readonly phase: Signal<Phase> = signal("reading");
  readonly isSettled = signal(false);
  readonly typed = signal("");
  /** The reason of a rejection that was not sent yet. */
  readonly comment: Signal<string>;
  /** What the desk answered to an attempt that decided nothing. */
  readonly refusal: Signal<RequestError | undefined> = signal(undefined);
  /** The rejection came after another decision, which it did not change. */
  isTooLate = false;
  readonly #page: PageServices;
  readonly #ends: (() => void)[] = [];
  #cancelPause: (() => void) | undefined;
  #cancelQuote: (() => void) | undefined;
  #isReading = false;
  /** A read that is asked for during another one follows it. */
  #isWanted = false;
  #isClosed = false;

  constructor(page: PageServices, id: string) {
    this.#page = page;
    this.id = id;
    this.draft = `reject ${id}`;
    this.comment = page.drafts.of(this.draft);
  }

  open(): () => void {
    const { data, line } = this.#page;
    this.#ends.push(
      data.onChange([`order:${this.id}`, "trading", "connector:", "config"], () => void this.#look()),
      line.subscribe(({ state }) => {
        if (state !== "live" || this.reading.peek() === undefined) return;
        this.pause();
        void this.read(true);
      }),
      onReturn(() => this.pause()),
      onKey(() => this.#takeKey()),
    );
    void this.read();
    return () => {
      this.#isClosed = true;
      this.#cancelPause?.();
      this.#cancelQuote?.();
      for (const end of this.#ends) end();
    };
  }

  /** Reads the review and has it journaled as shown to a human. */
  async read(isAutomatic = false): Promise<void> {
    this.#isWanted = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#cancelQuote?.();
    while (this.#isWanted && !this.#isClosed && this.phase.peek() === "reading") {
      this.#isWanted = false;
      await this.#readOnce(isAutomatic);
    }
    this.#isReading = false;
    if (!this.#isClosed) this.#cancelQuote = this.#page.browser.after(QUOTE_MS, () => this.#quoteIsOld());
  }

  async #readOnce(isAutomatic: boolean): Promise<void> {
    const input = { id: this.id, review: true };
    try {
      const { value, askedAt } = await this.#page.client.call<ReviewedOrder>("approve", input, { isAutomatic });
      this.#take(value, askedAt);
    } catch (error) {
      await this.#readOnly(error);
    }
  }

  /** A desk that is read-only journals no review; the order can be read all the same. */
  async #readOnly(error: unknown): Promise<void> {
    const refused = requestErrorOf(error);
    if (refused.code !== "DESK_READ_ONLY") this.error.value = refused;
    else await this.#show();
  }

  /** The order as it is now, without a record of a review. */
  #readOrder(): Promise<Answer<ReviewedOrder>> {
    return this.#page.client.call("orders show", { id: this.id }, { isAutomatic: true });
  }

  async #show(): Promise<void> {
    try {
      const { value, askedAt } = await this.#readOrder();
      this.#take(value, askedAt);
    } catch (error) {
      this.error.value = requestErrorOf(error);
    }
  }

  #quoteIsOld(): void {
    if (document.visibilityState === "visible" && document.hasFocus()) void this.read(true);
    else this.#cancelQuote = this.#page.browser.after(1_000, () => this.#quoteIsOld());
  }

  #take(order: ReviewedOrder, askedAt: number): void {
    const before = this.reading.peek();
    batch(() => {
      this.error.value = undefined;
      if (before === undefined && !isProposal(order)) this.order.value = order;
      else if (before === undefined && isProposal(order)) this.#set(begin(order, askedAt));
      else if (before !== undefined) this.#set(takeAnswer(before, order, askedAt));
    });
  }

  #set(reading: ReviewReading): void {
    const before = this.reading.peek();
    this.reading.value = reading;
    const hasMoved =
      before === undefined ||
      before.changed?.digest !== reading.changed?.digest ||
      before.ended !== reading.ended ||
      wordsOf(before.shown) !== wordsOf(reading.shown) ||
      before.shown.review.decision !== reading.shown.review.decision;
    if (hasMoved) this.pause();
  }

  /** Something changed: looks whether it concerns what is being read, without a record of a review. */
  async #look(): Promise<void> {
    const reading = this.reading.peek();
    if (reading === undefined || this.phase.peek() !== "reading") return;
    try {
      const { value, askedAt } = await this.#readOrder();
      const isSame = isProposal(value) && value.digest === reading.shown.digest;
      if (!isSame) this.#take(value, askedAt);
      const { shown } = reading;
      const isReworded = isSame && wordsOf(value) !== wordsOf(shown);
      if (isReworded || (isSame && value.review.decision !== shown.review.decision)) await this.read(true);
    } catch (error) {
      this.error.value = requestErrorOf(error);
    }
  }

  /** The human asks for the newest terms: the reading begins again. */
  async showNewTerms(): Promise<void> {
    this.typed.value = "";
    this.refusal.value = undefined;
    this.reading.value = undefined;
    this.pause();
    await this.read();
  }

  pause(): void {
    this.#cancelPause?.();
    this.isSettled.value = false;
    this.#cancelPause = this.#page.browser.after(PAUSE_MS, () => {
      this.isSettled.value = true;
    });
  }

  /** Keys that go on from before the pause were meant for what was there then: it lasts until they rest. */
  #takeKey(): void {
    if (!this.isSettled.peek()) this.pause();
  }

  async approve(): Promise<void> {
    const { shown } = this.reading.peek() ?? {};
    if (shown === undefined || !this.isSettled.peek()) return;
    await this.#decide(() => approve(this.#page.client, shown));
  }

  async reject(comment: string): Promise<void> {
    const { shown } = this.reading.peek() ?? {};
    if (shown === undefined) return;
    await this.#decide(async () => {
      try {
        return await reject(this.#page.client, shown.review, comment);
      } catch (error) {
        this.isTooLate = requestErrorOf(error).code === "ALREADY_DECIDED";
        throw error;
      }
    });
  }

  /** Sends one decision. A decision without an answer is never sent again: the desk is asked what it knows. */
  async #decide(send: () => Promise<OrderReceipt>): Promise<void> {
    if (this.phase.peek() !== "reading") return;
    batch(() => {
      this.phase.value = "sending";
      this.refusal.value = undefined;
    });
    try {
      await send();
      this.phase.value = "decided";
    } catch (error) {
      await this.#refused(requestErrorOf(error));
    }
    if (this.phase.peek() === "decided" && !this.isTooLate) this.#page.drafts.drop(this.draft);
    this.typed.value = "";
  }

  async #refused(error: RequestError): Promise<void> {
    if (error.code === "ALREADY_DECIDED" || error.code === "OUTCOME_UNKNOWN" || hasState(error.data)) {
      this.phase.value = "decided";
      if (error.code !== "ALREADY_DECIDED") this.refusal.value = error;
      return;
    }
    if (error.code === "NO_ANSWER") await this.#askWhatHappened();
    batch(() => {
      this.refusal.value = error;
      if (this.phase.peek() === "sending") this.phase.value = "reading";
    });
    this.pause();
    await this.read();
  }

  async #askWhatHappened(): Promise<void> {
    this.phase.value = "asking";
    while (!this.#isClosed) {
      try {
        const { state } = (await this.#readOrder()).value;
        this.phase.value = state === "proposed" ? "sending" : "decided";
        return;
      } catch {
        await new Promise<void>((resolve) => this.#page.browser.after(1_000, resolve));
      }
    }
  }
}

/**
 * Runs when the page comes to the front: the second press of a double click may land on it, after the first has closed
 * the window of another page that lay over it. Returns a function that ends it.
 */
function onReturn(run: () => void): () => void {
  const ends = new AbortController();
  for (const name of ["focus", "pageshow"]) addEventListener(name, run, { signal: ends.signal });
  document.addEventListener("visibilitychange", run, { signal: ends.signal });
  return () => ends.abort();
}

function onKey(run: () => void): () => void {
  const ends = new AbortController();
  document.addEventListener("keydown", run, { capture: true, signal: ends.signal });
  return () => ends.abort();
}

/** The receipt in the data of an error: the order left the state of a proposal. */
function hasState(data: unknown): boolean {
  const { state } = (data ?? {}) as { state?: unknown };
  return typeof state === "string" && state !== "proposed";
}
