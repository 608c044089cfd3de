/**
 * One connection to TWS or IB Gateway. It is never used again after its end, so that nothing that waits to be sent can
 * reach the gateway later.
 */
import { ConnectRefused, NotSent, RateLimited } from "@qoc-app/sdk";
import {
  type BarSizeSetting,
  type Contract,
  type ContractDetails,
  EventName,
  IBApi,
  type PriceIncrement,
  type WhatToShow,
} from "@stoqey/ib";
import { Answers, GatewayError, SharedRead } from "./answers.ts";
import { UNREADABLE, keepDigits, outliveMessages } from "./digits.ts";
import { DataFarms } from "./data-farms.ts";
import type { BarRow, BarsQuery } from "./history.ts";
import { connectProblem, failureOf, isReadOnly, readOnlyError, silence } from "./problems.ts";
import type { AccountRow, CompletedRow, ExecutionRow, OpenOrderRow, SessionEvents, StatusRow } from "./rows.ts";
import type { TwsNumber } from "./amounts.ts";
import type { Settings } from "./settings.ts";
import { gatewayOffset } from "./times.ts";

/** TWS ends a connection that sends more than 50 messages a second. */
const MESSAGES = { read: 40, order: 48 } as const;
const SECOND_MS = 1_000;
const SLOT_WAIT_MS = 2_000;
const GREETING_MS = 4_000;
const ANSWER_MS = 3_000;
const ALIVE_MS = 2_000;
/** A smaller difference to this machine's clock is rounding: TWS states whole seconds. */
const SAME_CLOCK_MS = 1_500;
/** The library's own queue: never full, because the queue would survive the connection. */
const NEVER_QUEUED = 1_000;

const LINK_LOST = [1100, 2110];
const LINK_RESTORED = [1101, 1102];
const DATA_LOST = 1101;
const CLIENT_ID_IN_USE = 326;
/** The library's own code for no connection. */
const CONNECT_FAILED = 502;
/** Notices that are no error of a request. */
const NOTICES = (code: number): boolean => code >= 2100 && code < 2200;

export class GatewaySession {
  readonly api: IBApi;
  readonly answers = new Answers(() => this.#events.onSilence());
  accounts: readonly string[] = [];
  /** The lowest id that an order may have. */
  nextOrderId = 0;
  /** Why the gateway cannot reach IBKR; undefined if it can. */
  linkProblem: string | undefined;
  readonly farms = new DataFarms();
  /** How far the gateway's clock is ahead. */
  aheadMs = 0;
  /** How far the gateway's time zone is ahead of UTC. */
  zoneOffsetMs = 0;
  lastReceived: number;
  readonly #clientId: number;
  readonly #events: SessionEvents;
  readonly #sentAt: number[] = [];
  #greeting = "";
  #lastId = 0;
  #lastSent: readonly unknown[] = [];
  #endReason: string | undefined;
  readonly #time: SharedRead<void>;
  readonly openOrders: SharedRead<readonly (OpenOrderRow | StatusRow)[]>;
  readonly completedOrders: SharedRead<readonly CompletedRow[]>;

  constructor(settings: Settings, events: SessionEvents) {
    const { host, port, clientId } = settings;
    this.#clientId = clientId;
    this.#events = events;
    this.lastReceived = Date.now();
    this.api = new IBApi({ host, port, clientId, maxReqPerSec: NEVER_QUEUED });
    keepDigits(this.api);
    outliveMessages(this.api);
    this.#time = new SharedRead(() => this.#readTime());
    this.openOrders = new SharedRead(() => this.#list("open orders", (api) => api.reqAllOpenOrders()));
    this.completedOrders = new SharedRead(() => this.#list("completed orders", (api) => api.reqCompletedOrders(false)));
    this.#listenToOrders();
    this.#listenToAnswers();
    this.#listenToErrors();
  }

  /** Resolves when the gateway has named its accounts and the next order id. */
  async open(): Promise<void> {
    let isAccepted = false;
    const greeted = this.answers.expect("the greeting", {
      timeoutMs: GREETING_MS,
      send: () => Promise.resolve(void this.api.connect()),
    });
    try {
      await greeted;
      isAccepted = true;
      await this.alive();
      this.zoneOffsetMs = gatewayOffset(this.#greeting, this.now());
    } catch (error) {
      const problem = this.#endReason === undefined ? silence(isAccepted || this.#greeting !== "") : undefined;
      this.end("the connection was not made");
      throw error instanceof ConnectRefused || problem === undefined ? error : new Error(problem, { cause: error });
    }
  }

  get hasEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** The gateway's time. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.answers.failAll(new Error(reason));
    this.api.disconnect();
    this.#events.onEnd(reason);
  }

  /** Resolves if the gateway answers now. @throws Error if it does not within 2 s. */
  alive(): Promise<void> {
    return this.#time.read();
  }

  async #readTime(): Promise<void> {
    const [seconds = 0] = await this.answers.expect<number>("a request for the time", {
      timeoutMs: ALIVE_MS,
      // An order asks for it, and so must not wait behind reads.
      send: () => this.send("order", (api) => api.reqCurrentTime()),
    });
    if (seconds <= 0) throw new Error("the gateway does not state its time");
    const ahead = seconds * SECOND_MS + SECOND_MS / 2 - Date.now();
    this.aheadMs = Math.abs(ahead) < SAME_CLOCK_MS ? 0 : ahead;
  }

  /**
   * Writes messages once the gateway's limit allows it.
   * @throws RateLimited if that takes too long; NotSent if the connection has ended. Then nothing was written.
   */
  async send(kind: keyof typeof MESSAGES, write: (api: IBApi) => void): Promise<void> {
    await this.#slot(MESSAGES[kind]);
    if (this.#endReason !== undefined) throw new NotSent(this.#endReason);
    write(this.api);
  }

  async #slot(limit: number): Promise<void> {
    for (const until = Date.now() + SLOT_WAIT_MS; ;) {
      const now = Date.now();
      while (this.#sentAt[0] !== undefined && this.#sentAt[0] <= now - SECOND_MS) this.#sentAt.shift();
      const wait = this.#sentAt.length < limit ? 0 : (this.#sentAt[0] ?? now) + SECOND_MS - now;
      if (wait <= 0) {
        this.#sentAt.push(now);
        return;
      }
      if (now + wait > until) throw new RateLimited("TWS takes 50 messages a second, and more are waiting", SECOND_MS);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** Whether the last message on the wire is this order. The library writes at once or not at all. */
  isWritten(orderId: number): boolean {
    return this.#lastSent[0] === PLACE_ORDER && this.#lastSent[1] === orderId;
  }

  nextRequestId(): number {
    this.#lastId += 1;
    return FIRST_REQUEST_ID + this.#lastId;
  }

  /** A list that the gateway sends for a request with an id. */
  request<Row>(what: string, write: (api: IBApi, id: number) => void): Promise<readonly Row[]> {
    const id = this.nextRequestId();
    this.#names.set(id, `${what} ${id}`);
    return this.answers
      .expect<Row>(`${what} ${id}`, { timeoutMs: ANSWER_MS, send: () => this.send("read", (api) => write(api, id)) })
      .finally(() => void this.#names.delete(id));
  }

  /** The keys of the requests that wait, by id. */
  readonly #names = new Map<number, string>();

  /** A list that the gateway sends for a request without an id. */
  #list<Row>(what: string, write: (api: IBApi) => void): Promise<readonly Row[]> {
    return this.answers.expect<Row>(what, { timeoutMs: ANSWER_MS, send: () => this.send("read", write) });
  }

  /** Everything of an account: its amounts in each currency, and its positions. One at a time. */
  async account(account: string): Promise<readonly AccountRow[]> {
    this.#asked = account;
    const rows = await this.#list<AccountRow>("the account", (api) => api.reqAccountUpdates(true, account));
    await this.send("read", (api) => api.reqAccountUpdates(false, account));
    return rows;
  }

  #asked = "";

  /** Whether a row is of the account that was asked for last: a login can have several. */
  #isAsked(account = ""): boolean {
    return account === "" || account === this.#asked;
  }

  /** Many instruments have the same rule, and its answer names no request: callers share it. */
  marketRule(id: number): Promise<readonly PriceIncrement[]> {
    const running = this.#rules.get(id);
    if (running !== undefined) return running;
    const rule = this.#list<PriceIncrement>(`market rule ${id}`, (api) => api.reqMarketRule(id)).finally(
      () => void this.#rules.delete(id),
    );
    this.#rules.set(id, rule);
    return rule;
  }

  readonly #rules = new Map<number, Promise<readonly PriceIncrement[]>>();

  details(contract: Contract): Promise<readonly ContractDetails[]> {
    return this.request("contract details", (api, id) => api.reqContractDetails(id, contract));
  }

  executions(account: string): Promise<readonly ExecutionRow[]> {
    return this.request("executions", (api, id) => api.reqExecutions(id, { acctCode: account }));
  }

  bars(contract: Contract, { end, duration, size, prices }: BarsQuery): Promise<readonly BarRow[]> {
    return this.request("bars", (api, id) =>
      // Regular hours, times in seconds, and no updates.
      api.reqHistoricalData(id, contract, end, duration, size as BarSizeSetting, prices as WhatToShow, true, 2, false),
    );
  }

  matches(words: string): Promise<readonly Contract[]> {
    return this.request("a search", (api, id) => api.reqMatchingSymbols(id, words));
  }

  #row(id: number, row: unknown): void {
    this.answers.row(this.#names.get(id) ?? "", row);
  }

  #endOf(id: number): void {
    this.answers.end(this.#names.get(id) ?? "");
  }

  #listenToOrders(): void {
    const { api, answers } = this;
    const onRow = (row: OpenOrderRow | StatusRow): void => {
      answers.row("open orders", row);
      this.#tell(() => this.#events.onOrder(row));
    };
    api.on(EventName.openOrder, (_id, contract, order, state) => onRow({ kind: "order", contract, order, state }));
    api.on(EventName.orderStatus, (orderId, status, filled, _remaining, averagePrice, permId = 0, ...rest) =>
      onRow({ kind: "status", orderId, status, filled, averagePrice, permId, clientId: rest[2] ?? 0 }),
    );
    api.on(EventName.openOrderEnd, () => answers.end("open orders"));
    api.on(EventName.completedOrder, (contract, order, state) =>
      answers.row("completed orders", { contract, order, state }),
    );
    api.on(EventName.completedOrdersEnd, () => answers.end("completed orders"));
    api.on(EventName.execDetails, (id, contract, execution) => {
      if (id < 0) this.#tell(() => this.#events.onExecution({ contract, execution }));
      else this.#row(id, { contract, execution });
    });
    api.on(EventName.execDetailsEnd, (id) => this.#endOf(id));
    api.on(EventName.commissionReport, (report) => this.#tell(() => this.#events.onCommission(report)));
  }

  #listenToAnswers(): void {
    const { api, answers } = this;
    api.on(EventName.server, (_version, time) => {
      this.#greeting = time;
    });
    api.on(EventName.managedAccounts, (list) => {
      this.accounts = list.split(",").filter((account) => account !== "");
    });
    api.on(EventName.nextValidId, (id) => {
      this.nextOrderId = Math.max(this.nextOrderId, id);
      answers.end("the greeting");
    });
    api.on(EventName.currentTime, (seconds) => {
      answers.row("a request for the time", seconds);
      answers.end("a request for the time");
    });
    api.on(EventName.contractDetails, (id, details) => this.#row(id, details));
    api.on(EventName.bondContractDetails, (id, details) => this.#row(id, details));
    api.on(EventName.contractDetailsEnd, (id) => this.#endOf(id));
    api.on(EventName.historicalData, (id, time, open, high, low, close, volume) => {
      if (time.startsWith("finished")) this.#endOf(id);
      else this.#row(id, { time, open, high, low, close, volume } satisfies BarRow);
    });
    api.on(EventName.symbolSamples, (id, found) => {
      for (const { contract } of found) this.#row(id, contract);
      this.#endOf(id);
    });
    api.on(EventName.marketRule, (id, increments) => {
      for (const increment of increments) answers.row(`market rule ${id}`, increment);
      answers.end(`market rule ${id}`);
    });
    api.on(EventName.updateAccountValue, (key, value, currency, account) => {
      if (this.#isAsked(account)) answers.row("the account", { kind: "value", key, value, currency });
    });
    api.on(
      EventName.updatePortfolio,
      (contract, quantity, marketPrice, marketValue, averageCost = 0, ...[, , account]) => {
        const row = { kind: "position", contract, quantity, marketPrice, marketValue, averageCost };
        if (this.#isAsked(account)) answers.row("the account", row);
      },
    );
    api.on(EventName.accountDownloadEnd, () => answers.end("the account"));
    const onTick = (id: number, type?: number, value?: TwsNumber): void => {
      if (type !== undefined) this.#tell(() => this.#events.onTick(id, type, value));
    };
    api.on(EventName.tickPrice, onTick);
    api.on(EventName.tickSize, onTick);
    api.on(EventName.marketDataType, (id, type) => this.#events.onDataType(id, type));
    api.on(EventName.received, () => {
      this.lastReceived = Date.now();
    });
    api.on(EventName.sent, (tokens) => {
      this.#lastSent = tokens as unknown as readonly unknown[];
    });
  }

  #listenToErrors(): void {
    const { api } = this;
    api.on(EventName.disconnected, () => this.end("the gateway closed the connection"));
    api.on(EventName.info, (message, code) => this.#take(-1, new GatewayError(code, message)));
    api.on(EventName.error, ({ message }, code, id, reject) => {
      const words = reject === undefined ? message : `${message} ${JSON.stringify(reject)}`;
      this.#tell(() => this.#take(id, new GatewayError(code, words)));
    });
  }

  /** A message with an amount that cannot be read counts as unreadable: anything may be missing. */
  #tell(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#take(-1, new GatewayError(UNREADABLE, (error as Error).message));
    }
  }

  #take(id: number, error: GatewayError): void {
    if (this.#endReason !== undefined) return;
    const { code, message } = error;
    if (code === CONNECT_FAILED) this.end(connectProblem(message));
    else if (code === UNREADABLE) {
      this.answers.failAll(new Error(`a message of the gateway could not be read: ${message}`, { cause: error }));
      this.#events.onUnreadable();
    } else if (LINK_LOST.includes(code)) this.#lose(message);
    else if (LINK_RESTORED.includes(code)) {
      this.linkProblem = undefined;
      if (code === DATA_LOST) this.#events.onDataLost();
      this.#events.onLink(true, message);
    } else if (NOTICES(code)) this.farms.take(code, message);
    else if (id > FIRST_REQUEST_ID && this.answers.fail(this.#names.get(id) ?? "", failureOf(error))) return;
    else if (id >= 0) this.#events.onError(id, error);
    else this.#takeUnnumbered(error);
  }

  #lose(message: string): void {
    this.linkProblem = message;
    // Answers that are under way may be incomplete.
    this.answers.failAll(new Error(message));
    this.#events.onLink(false, message);
  }

  /** An error that names no request concerns one of those without an id. */
  #takeUnnumbered(error: GatewayError): void {
    if (error.code === CLIENT_ID_IN_USE) {
      this.end(
        `client id ${this.#clientId} is in use at the gateway, by another program or desk: set client_id in ` +
          `[connector.options]`,
      );
      return;
    }
    this.answers.failAll(isReadOnly(error) ? readOnlyError() : failureOf(error));
  }
}

const PLACE_ORDER = 3;
/** Above the ids of orders, so that an error names one of the two. */
const FIRST_REQUEST_ID = 1_000_000_000;
