/** Interactive Brokers: stocks, ETFs and futures, through TWS or IB Gateway on this machine. */
import {
  type Account,
  type Bar,
  type Capabilities,
  type ConnectReport,
  type ConnectorAdapter,
  type ConnectorContext,
  type Fill,
  type Instrument,
  NotSent,
  type Order,
  type OrderAck,
  type OrderQuery,
  type OrderReport,
  type Position,
  type Quote,
  type Rate,
  type Session,
  type UnreadableFill,
  type UnreadableOrder,
} from "@qoc-app/sdk";
import { type OrderNames, isReadable, listedFill, sinceInOrder } from "../listed-item.ts";
import { accountFrom, accountValues, positionOf, positionRows, ratesFrom } from "./account.ts";
import { GatewayError, SharedRead } from "./answers.ts";
import { Contracts, type NamedContract, assertSendable, instrumentOf, wireContract } from "./contracts.ts";
import { type Fee, FillFeed, cumulatedOf, feeOf, fillOf, isFill } from "./fills.ts";
import { type BarsRange, barOf, barsQuery, inOrder, matchOf } from "./history.ts";
import { GatewayLink } from "./link.ts";
import { Orders } from "./orders.ts";
import { Quotes } from "./quotes.ts";
import type { ExecutionRow, SessionEvents } from "./rows.ts";
import type { GatewaySession } from "./session.ts";
import { type Settings, accountOf, settingsOf } from "./settings.ts";
import { sessionsOf } from "./times.ts";

const SECOND_MS = 1_000;
/** Fills are read again from a little before the newest one: the desk drops those that it knows. */
const OVERLAP_MS = 60_000;
const SYNC_PAUSE_MS = 1_000;
const SYNC_PAUSE_MAX_MS = 30_000;
/** The desk asks for the account and its positions at the same time, and TWS answers both at once. */
const GATHER_MS = 10;
/** Commissions follow the list of executions. */
const COMMISSIONS_MS = 150;
const COMMISSIONS_MAX = 10_000;
/** An error of historical data. Its words say why. */
const NO_BARS = 162;
/** The store's key of the highest order id that was used. */
const LAST_ORDER_ID = "lastOrderId";

export default class IbkrConnector implements ConnectorAdapter {
  static readonly sdk = 1;
  static readonly capabilities: Capabilities = {
    exactDecimals: true,
    clientIdDedupe: "none",
    queryByClientId: true,
    reports: "pushed",
    // TWS lists the executions of the current day: after a longer gap an empty list says nothing.
    fillsReachBackMs: 24 * 60 * 60_000,
  };

  #ctx!: ConnectorContext;
  #settings!: Settings;
  #link!: GatewayLink;
  #account = "";
  /** How far the gateway's time zone is ahead of UTC. */
  #zoneOffsetMs = 0;
  readonly #contracts = new Contracts();
  #quotes!: Quotes;
  #orders!: Orders;
  #feed!: FillFeed;
  readonly #accountRead = new SharedRead(() => this.#read((session) => session.account(this.#account)), GATHER_MS);
  #lastOrderId = 0;
  /** The venue's time of the newest fill, or of the start. */
  #newestFillTime = 0;
  /** Start of a gap whose fills were not read yet; undefined without a gap. */
  #gapStart: number | undefined;
  #sync: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #commissions = new Map<string, Fee>();

  async connect(ctx: ConnectorContext): Promise<ConnectReport> {
    this.#ctx = ctx;
    this.#settings = settingsOf(ctx.options);
    const { environment, clientId, isDelayed, host, port } = this.#settings;
    this.#lastOrderId = Number((await ctx.store.get(LAST_ORDER_ID)) ?? 0);
    this.#quotes = new Quotes(this.#contracts, isDelayed, (quote) => ctx.emitQuote(quote));
    this.#feed = new FillFeed({
      emitFill: (fill) => this.#emit(fill),
      emitReport: (report) => ctx.emitReport(report),
    });
    this.#orders = new Orders({
      contracts: this.#contracts,
      clientId,
      account: () => this.#account,
      report: (report) => this.#feed.addReport(report),
      warn: (message) => ctx.logger.warn(message),
    });
    this.#link = new GatewayLink({
      settings: this.#settings,
      events: this.#events(),
      accept: (session) => this.#accept(session),
      onDown: (reason) => this.#down(reason),
      onRestored: () => this.#restore(),
    });
    const session = await this.#link.open();
    this.#newestFillTime = session.now();
    ctx.logger.info(`connected to ${host}:${port}`, { account: this.#account, clientId });
    return {
      mode: environment,
      environment: `ibkr ${environment}`,
      accountId: this.#account,
      venueTime: session.now(),
    };
  }

  disconnect(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#sync);
    this.#link.close();
    this.#orders.fail("the connector is stopped");
    this.#quotes.clear();
    this.#feed.close();
    return Promise.resolve();
  }

  #events(): Omit<SessionEvents, "onEnd" | "onSilence"> {
    return {
      onOrder: (row) => this.#orders.onOrder(row),
      onExecution: (row) => this.#take(row),
      onCommission: (report) => {
        this.#keepCommission(report.execId, feeOf(report));
        this.#feed.addCommission(report);
      },
      onTick: (id, type, value) => this.#quotes.onTick(id, type, value),
      onDataType: (id, type) => this.#quotes.onDataType(id, type),
      onDataLost: () => this.#quotes.clear(),
      onError: (id, error) => {
        if (!this.#quotes.onError(id, error)) this.#orders.onError(id, error);
      },
      onUnreadable: () => {
        this.#orders.fail("a message of the gateway could not be read");
        this.#ctx.logger.warn("a message of the gateway could not be read");
        // It may have been an execution.
        this.#gapStart ??= this.#newestFillTime;
        this.#restore();
      },
      onLink: (isUp, reason) => {
        if (isUp) this.#restore();
        else this.#down(reason);
      },
    };
  }

  /** The gateway may have come back with another login. @throws ConnectRefused. */
  async #accept(session: GatewaySession): Promise<void> {
    const account = accountOf(session.accounts, this.#settings);
    // A gateway that is read-only refuses this, and answers everything that concerns no order.
    await session.openOrders.read();
    this.#account = account;
    this.#zoneOffsetMs = session.zoneOffsetMs;
  }

  #down(reason: string): void {
    this.#gapStart ??= this.#newestFillTime;
    this.#orders.fail(reason);
    this.#quotes.clear();
    this.#ctx.logger.warn(`no orders until the gateway is back: ${reason}`);
    this.#ctx.link(false, reason);
  }

  /** Reads what was missed, and tries again until it has succeeded; then the desk trades again. */
  #restore(pauseMs = SYNC_PAUSE_MS): void {
    clearTimeout(this.#sync);
    this.#closeGap().catch((error: unknown) => {
      this.#ctx.logger.warn("the fills of a gap cannot be read yet", { error: String(error) });
      if (this.#isClosed) return;
      this.#sync = setTimeout(() => this.#restore(Math.min(pauseMs * 2, SYNC_PAUSE_MAX_MS)), pauseMs);
    });
  }

  async #closeGap(): Promise<void> {
    const session = await this.#link.ready();
    const start = this.#gapStart;
    if (start !== undefined) for (const fill of await this.#fillsSince(session, start - OVERLAP_MS)) this.#emit(fill);
    if (this.#gapStart === start) this.#gapStart = undefined;
    this.#ctx.link(true);
  }

  /** A read that is cut off by the end of a connection is made again, once. */
  async #read<T>(run: (session: GatewaySession) => Promise<T>): Promise<T> {
    const session = await this.#link.ready();
    try {
      return await run(session);
    } catch (error) {
      if (!session.hasEnded || this.#isClosed) throw error;
      return run(await this.#link.ready());
    }
  }

  getQuote(symbol: string): Promise<Quote> {
    return this.#read((session) => this.#quotes.get(session, symbol));
  }

  async getPositions(): Promise<Position[]> {
    const session = await this.#link.ready();
    const rows = positionRows(await this.#accountRead.read());
    return Promise.all(
      rows.map(async (row) => positionOf(row, (await this.#contracts.nameOf(session, row.contract)).symbol)),
    );
  }

  async getBuyingPower(): Promise<string> {
    return String((await this.getAccount()).buyingPower);
  }

  async getAccount(): Promise<Account> {
    return accountFrom(accountValues(await this.#accountRead.read()));
  }

  async getRates(pairs: readonly string[]): Promise<Rate[]> {
    const session = await this.#link.ready();
    return ratesFrom(accountValues(await this.#accountRead.read()), pairs, session.now());
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const listed = await this.#read((session) => this.#contracts.find(session, symbol));
    return listed === undefined ? null : instrumentOf(listed);
  }

  async getBars(symbol: string, range: BarsRange): Promise<Bar[]> {
    const bars = await this.#read(async (session) => {
      const listed = await this.#contracts.priced(session, symbol);
      const { contract } = listed;
      const rows = await session.bars(wireContract(contract), barsQuery(range, contract, session.now()));
      return rows.map((row) => barOf(listed, row, range.resolution));
    }).catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === NO_BARS && /no data/i.test(error.message)) return [];
      throw error;
    });
    return inOrder(bars, range);
  }

  /** In the order of TWS. It knows beginnings only: of a symbol with a wrong end, the rest is tried. */
  async searchInstruments(words: string, limit: number): Promise<Instrument[]> {
    const wanted = words.trim();
    let found = await this.#read((session) => session.matches(wanted));
    if (found.length === 0 && wanted.length > 2)
      found = await this.#read((session) => session.matches(wanted.slice(0, -1)));
    return found.flatMap((contract) => matchOf(contract) ?? []).slice(0, limit);
  }

  async getSchedule(symbol: string, from: number, to: number): Promise<Session[]> {
    const session = await this.#link.ready();
    // Asked for again: TWS states the hours of the next days only.
    const listed = await this.#contracts.find(session, symbol);
    if (listed === undefined) throw new Error(`IBKR does not list ${symbol}`);
    const sessions = sessionsOf(listed.details);
    return sessions.filter(({ open, close }) => close > from && open < to);
  }

  /** Whatever fails before the order is written is NotSent. */
  async placeOrder(order: Order): Promise<OrderAck> {
    const { session, listed, orderId } = await this.#prepare(order).catch((error: unknown) => {
      throw error instanceof NotSent ? error : new NotSent((error as Error).message);
    });
    return { venueOrderId: await this.#orders.place(session, order, { orderId, listed }), status: "acknowledged" };
  }

  async #prepare(order: Order) {
    const session = await this.#link.ready();
    const listed = await this.#contracts.get(session, order.symbol);
    assertSendable(listed, order);
    // A gateway can accept bytes and answer nothing: then it gets no order.
    await session.alive();
    return { session, listed, orderId: await this.#takeOrderId(session) };
  }

  /** On disk before the order is sent: an id that is used again changes the order that has it. */
  async #takeOrderId({ nextOrderId }: GatewaySession): Promise<number> {
    const orderId = Math.max(nextOrderId, this.#lastOrderId + 1);
    this.#lastOrderId = orderId;
    await this.#ctx.store.put(LAST_ORDER_ID, orderId);
    return orderId;
  }

  async cancelOrder(venueOrderId: string): Promise<void> {
    const session = await this.#link.ready();
    await session.alive();
    await this.#orders.cancel(session, venueOrderId);
  }

  async getOrder({ venueOrderId, clientOrderId }: OrderQuery): Promise<OrderReport | null> {
    const isIt = (names: OrderNames): boolean =>
      venueOrderId === undefined ? names.clientOrderId === clientOrderId : names.venueOrderId === venueOrderId;
    return (await this.#read((session) => this.#orders.find(session, isIt))) ?? null;
  }

  getOpenOrders(): Promise<(OrderReport | UnreadableOrder)[]> {
    return this.#read((session) => this.#orders.openReports(session));
  }

  /** TWS lists the executions of this day, or of a week if its trade log is set so. */
  getFills(since: number): Promise<(Fill | UnreadableFill)[]> {
    return this.#read((session) => this.#fillsSince(session, since));
  }

  async #fillsSince(session: GatewaySession, since: number): Promise<(Fill | UnreadableFill)[]> {
    const rows = (await session.executions(this.#account)).filter(isFill);
    if (rows.length > 0) await new Promise((resolve) => setTimeout(resolve, COMMISSIONS_MS));
    // TWS states whole seconds.
    const from = Math.floor(since / SECOND_MS) * SECOND_MS;
    const fills = await Promise.all(rows.map((row) => this.#fillOf(session, row)));
    return sinceInOrder(fills, from);
  }

  async #fillOf(session: GatewaySession, row: ExecutionRow): Promise<Fill | UnreadableFill> {
    const named = await this.#contracts.nameOf(session, row.contract);
    const { execId: fillId, permId = "" } = row.execution;
    const fill = listedFill({ fillId, venueOrderId: String(permId), symbol: named.symbol }, () =>
      fillOf(row, named, session.zoneOffsetMs),
    );
    return { ...fill, ...this.#commissions.get(fill.fillId) };
  }

  #keepCommission(execId = "", fee: Fee | undefined): void {
    if (fee === undefined) return;
    this.#commissions.delete(execId);
    this.#commissions.set(execId, fee);
    if (this.#commissions.size > COMMISSIONS_MAX)
      for (const oldest of this.#commissions.keys()) return void this.#commissions.delete(oldest);
  }

  /** An execution of now. One of another account of the login is not ours. */
  #take(row: ExecutionRow): void {
    const { acctNumber = "" } = row.execution;
    if ((acctNumber !== "" && acctNumber !== this.#account) || !isFill(row)) return;
    const known = this.#contracts.known(row.contract);
    const add = (named: NamedContract, zoneOffsetMs: number): void =>
      this.#feed.addFill(fillOf(row, named, zoneOffsetMs), cumulatedOf(row.execution));
    const failed = (error: unknown): void => {
      this.#ctx.logger.warn("an execution could not be read; it is read again", { error: String(error) });
      this.#gapStart ??= this.#newestFillTime;
      this.#restore();
    };
    try {
      if (known !== undefined) add(known, this.#zoneOffsetMs);
      else
        this.#link
          .ready()
          .then(async (session) => add(await this.#contracts.nameOf(session, row.contract), session.zoneOffsetMs))
          .catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #emit(fill: Fill | UnreadableFill): void {
    if (isReadable(fill)) this.#newestFillTime = Math.max(this.#newestFillTime, Number(fill.timestamp));
    this.#ctx.emitFill(fill);
  }
}
