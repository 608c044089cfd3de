/** Cash that the operator states in desk.toml. It takes no orders; README.md documents it. */
import {
  type Account,
  type Activity,
  type Capabilities,
  ConnectRefused,
  type ConnectorAdapter,
  type ConnectorContext,
  type Position,
  type Quote,
} from "@qoc-app/sdk";
import { type Balances, type Edit, difference, readOptions } from "./balances.ts";

/** What the store has: the balances that were stated last, and how they came to be. */
interface Stored {
  readonly version: 1;
  readonly currency: string;
  readonly balances: Balances;
  /** When they were stated, ms. */
  readonly at: number;
  /** Edits so far, forgotten ones included. */
  readonly count: number;
  readonly edits: readonly Edit[];
}

const KEY = "balances";
const EDITS_MAX = 200;

export default class Cash implements Omit<ConnectorAdapter, "placeOrder" | "cancelOrder"> {
  static readonly capabilities: Capabilities = { mode: "paper" };

  #stored: Stored | undefined;

  async connect(ctx: ConnectorContext): Promise<void> {
    const { currency, balances, asOf } = readOptions(ctx.options);
    const known = (await ctx.store.get(KEY)) as Stored | null | undefined;
    if (known === null || known === undefined) {
      await this.#store(ctx, { version: 1, currency, balances, at: asOf ?? Date.now(), count: 0, edits: [] });
      return;
    }
    if (known.currency !== currency)
      throw new ConnectRefused(
        `currency stays ${known.currency} as when this account was created: give ${currency} a connector of its own`,
      );
    const changes = difference(known.balances, balances);
    if (changes.length === 0) return void (this.#stored = known);
    // The desk knows the account up to the edit before: a transfer cannot be older.
    const at = Math.min(Date.now(), Math.max(known.at, asOf ?? Date.now()));
    const edit: Edit = { no: known.count + 1, at, changes };
    const edits = [...known.edits, edit].slice(-EDITS_MAX);
    await this.#store(ctx, { ...known, balances, at, count: edit.no, edits });
    for (const activity of activitiesOf(edit)) ctx.emitActivity(activity);
  }

  async disconnect(): Promise<void> {
    this.#stored = undefined;
  }

  async getQuote(symbol: string): Promise<Quote> {
    throw new Error(`a cash account has no quotes, and none of ${JSON.stringify(symbol)}`);
  }

  async getPositions(): Promise<Position[]> {
    return [];
  }

  /** No order can spend the money. */
  async getBuyingPower(): Promise<string> {
    return "0";
  }

  async getAccount(): Promise<Account> {
    const { currency, balances } = this.#requireOpen();
    const own = balances[currency] ?? "0";
    const others = Object.entries(balances).filter(([code]) => code !== currency);
    return {
      nav: own,
      cash: own,
      buyingPower: "0",
      currency,
      balances: others.map(([code, total]) => ({ currency: code, total })),
    };
  }

  async getActivities(since: number): Promise<Activity[]> {
    return this.#requireOpen()
      .edits.filter(({ at }) => at >= since)
      .flatMap(activitiesOf);
  }

  async #store(ctx: ConnectorContext, stored: Stored): Promise<void> {
    await ctx.store.put(KEY, stored);
    this.#stored = stored;
  }

  #requireOpen(): Stored {
    if (this.#stored === undefined) throw new Error("the cash account is not connected");
    return this.#stored;
  }
}

function activitiesOf({ no, at, changes }: Edit): Activity[] {
  return changes.map(({ currency, amount }) => ({
    id: `edit-${no}-${currency}`,
    kind: "transfer",
    timestamp: at,
    amount,
    currency,
    note: "the balance in desk.toml was edited",
  }));
}
