/** The SDK's types under the repository's strict options, from the source and from the published declarations. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "qoc-sdk-types-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs tsc over the files, with `@qoc-app/sdk` resolved to the given file, and returns its output. */
function compile(sdk: string, files: readonly string[]): string {
  const compilerOptions = { types: [], paths: { "@qoc-app/sdk": [`${ROOT}/${sdk}`] } };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: `${ROOT}/tsconfig.json`, compilerOptions, include: [], files }),
  );
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const tsc = spawnSync(process.execPath, [`${ROOT}/node_modules/typescript/bin/tsc`, "--noEmit", "-p", folder], {
    encoding: "utf8",
  });
  expect([tsc.status === 0, tsc.stderr]).toEqual([tsc.stdout === "", ""]);
  return tsc.stdout;
}

/** Each type in full, so that no field is added, removed or changed unnoticed. */
const SHAPES: Readonly<Record<string, string>> = {
  Numeric: "number | string",
  Timestamp: "number | string",
  Quote: `{ symbol: string; bid: N; ask: N; timestamp: T; asOf?: T; timeSource?: "venue" | "received"; delayedMs?: number;
    coverage?: "full" | "partial"; last?: N; bidSize?: N; askSize?: N;
    feed?: string; notice?: string | undefined }`,
  Position: "{ symbol: string; quantity: N; averagePrice?: N; markPrice?: N; currency?: string }",
  Order: `{ clientOrderId: string; symbol: string; side: S.Side; quantity: number; quantityText: string; type: S.OrderType;
    limitPrice?: number; limitPriceText?: string; stopPrice?: number; stopPriceText?: string;
    timeInForce: S.TimeInForce; reduceOnly?: boolean; session?: "regular" | "extended"; positionIntent?: "open" | "close";
    postOnly?: boolean }`,
  OrderAck: '{ venueOrderId: string; status: "acknowledged" }',
  Fill: `{ fillId: string; venueOrderId: string; clientOrderId?: string; symbol: string; side: S.Side; quantity: N; price: N; timestamp: T;
    fee?: N; feeCurrency?: string; liquidity?: "maker" | "taker"; settlesAt?: T; busts?: string; corrects?: string }`,
  OrderReport:
    "{ venueOrderId: string; clientOrderId?: string; status: S.OrderReportStatus; filledQuantity: N; averagePrice?: N; " +
    "symbol?: string; side?: S.Side; quantity?: N; limitPrice?: N; reason?: string; updatedAt?: T; replacedBy?: string }",
  UnreadableOrder:
    '{ venueOrderId: string; clientOrderId?: string; status: "unknown"; reason: string; symbol?: string; side?: S.Side; ' +
    "quantity?: N; limitPrice?: N }",
  UnreadableFill:
    '{ fillId: string; status: "unknown"; reason: string; symbol?: string; venueOrderId?: string; timestamp?: T }',
  UnreadableActivity: '{ id: string; status: "unknown"; reason: string; symbol?: string; timestamp?: T }',
  Account: `{ nav: N; cash: N; buyingPower: N; currency: string; balances?: S.Balance[]; settledCash?: N; marginUsed?: N; unrealizedPnl?: N; timestamp?: T; accountId?: string;
    notice?: string | undefined }`,
  Balance: "{ currency: string; total: N; free?: N; locked?: N; rateToAccount?: N; rateAt?: T }",
  Asset: "{ class: string; id: string }",
  TickBand: "{ from: N; tickSize: N }",
  Instrument: `{ symbol: string; name?: string; asset?: S.Asset; tickSize?: N; ticks?: S.TickBand[]; lotSize?: N;
    minQuantity?: N; maxQuantity?: N; marketLot?: N; minNotional?: N; maxNotional?: N; currency?: string; multiplier?: N;
    orderTypes?: S.OrderType[]; timesInForce?: S.TimeInForce[]; orderFlags?: S.OrderFlagName[];
    tradable?: boolean; fractional?: boolean; expires?: T; shortable?: boolean }`,
  Activity: `{ id: string; kind: S.ActivityKind; timestamp: T; amount?: N; currency?: string; symbol?: string; ratio?: [N, N];
    newSymbol?: string; costShare?: N; quantity?: N; corrects?: string; note?: string }`,
  ActivityKind: `"deposit" | "withdrawal" | "transfer" | "dividend" | "interest" | "fee" | "tax" | "adjustment" | "split" |
    "rename" | "spinoff" | "merger"`,
  Rate: "{ pair: string; rate: N; timestamp: T }",
  Session: '{ open: T; close: T; kind: "core" | "pre" | "post" | "overnight" }',
  OrderQuery: "{ venueOrderId?: string; clientOrderId?: string; symbol?: string; submittedAt?: number }",
  CancelHint: "{ clientOrderId: string; symbol: string; side: S.Side }",
  FillsHint: "{ symbols: readonly string[]; cursor?: string }",
  RateLimited:
    '{ readonly name: "RateLimited"; readonly retryAfterMs: number; message: string; stack?: string; cause?: unknown }',
  Bar: "{ symbol: string; timestamp: T; open: N; high: N; low: N; close: N; volume?: N }",
  Store: "{ get(key: string): Promise<unknown>; put(key: string, value: unknown): Promise<void> }",
  Logger: `{ info(message: string, fields?: Record<string, unknown>): void; warn(message: string, fields?: Record<string, unknown>): void;
    error(message: string, fields?: Record<string, unknown>): void }`,
  ConnectorContext: `{ secret(name: string): string; readonly logger: S.Logger; emitFill(fill: S.Fill | S.UnreadableFill): void;
    emitReport(report: S.OrderReport): void; emitActivity(activity: S.Activity | S.UnreadableActivity): void; emitQuote(quote: S.Quote): void;
    link(isUp: boolean, reason?: string): void; readonly options: Readonly<Record<string, unknown>>; readonly store: S.Store; bars(symbol: string): Promise<S.Bar[]>;
    readonly source: S.QuoteSource }`,
  QuoteSource: `{ quote(symbol: string): Promise<S.Quote>; instrument(symbol: string): Promise<S.Instrument | null | undefined> }`,
  Capabilities: `{ exactDecimals?: boolean; clientIdDedupe?: "forever" | "open-only" | "none"; queryByClientId?: boolean;
    buyingPowerNetsOpenOrders?: boolean; reduceOnly?: boolean; reports?: "pushed" | "polled"; pollSeconds?: number;
    fillsReachBackMs?: number; marginAccount?: boolean; simulatedTime?: boolean; mode?: "paper" | "live" }`,
  ConnectorAdapter: `{ connect(ctx: S.ConnectorContext): Promise<void | S.ConnectReport>; disconnect(): Promise<void>;
    getQuote(symbol: string): Promise<S.Quote>; getPositions(): Promise<S.Position[]>; getBuyingPower(): Promise<N>;
    placeOrder(order: S.Order): Promise<S.OrderAck>; cancelOrder(venueOrderId: string, order?: S.CancelHint): Promise<void>;
    getOrder?(query: S.OrderQuery): Promise<S.OrderReport | null>;
    getOpenOrders?(): Promise<(S.OrderReport | S.UnreadableOrder)[]>;
    getFills?(since: number, hint?: S.FillsHint): Promise<(S.Fill | S.UnreadableFill)[] | { fills: (S.Fill | S.UnreadableFill)[]; cursor?: string }>;
    getActivities?(since: number, cursor?: string): Promise<(S.Activity | S.UnreadableActivity)[] | { activities: (S.Activity | S.UnreadableActivity)[]; cursor?: string }>;
    getRates?(pairs: readonly string[]): Promise<S.Rate[]>;
    getSchedule?(symbol: string, from: number, to: number): Promise<S.Session[]>; getAccount?(): Promise<S.Account>;
    getInstrument?(symbol: string): Promise<S.Instrument | null>;
    getBars?(symbol: string, options: { resolution: string; from?: number; to?: number }): Promise<S.Bar[]>;
    searchInstruments?(words: string, limit: number): Promise<S.Instrument[]>;
    getFundamentals?(symbol: string): Promise<Record<string, unknown>>;
    replaceOrder?(venueOrderId: string, order: S.Order): Promise<S.OrderAck> }`,
  ConnectReport: `{ mode: "paper" | "live"; environment: string; accountId: string;
    permissions?: ("read" | "trade" | "withdraw")[]; venueTime?: T }`,
  ConnectorClass: "{ readonly capabilities?: S.Capabilities; readonly sdk?: number }",
  VenueRejection: '{ readonly name: "VenueRejection"; message: string; stack?: string; cause?: unknown }',
  ConnectRefused: '{ readonly name: "ConnectRefused"; message: string; stack?: string; cause?: unknown }',
  NotSent: '{ readonly name: "NotSent"; message: string; stack?: string; cause?: unknown }',
  BookSnapshot: `{ readonly nav: number; readonly navText: string; readonly cash: number; readonly buyingPower: number;
    readonly positions: readonly S.BookPosition[]; readonly openOrders: readonly S.Order[]; readonly time: number }`,
  BookPosition: `{ readonly connector: string; readonly symbol: string; readonly quantity: number; readonly quantityText: string;
    readonly averagePrice?: number; readonly markPrice?: number; readonly value: number }`,
  GuardAdapter: `{ readonly key: string; readonly description: string;
    evaluate(order: S.Order & { readonly notional: number }, book: S.BookSnapshot): S.GuardResult }`,
};

const SHAPE_HEAD = `import type * as S from "@qoc-app/sdk";
type N = number | string; type T = number | string;
type Flat<A> = A extends object ? { [K in keyof A]: A[K] } : A;
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
`;

/** Statements that each fill the second line of a file, and the error that tsc must report for them. */
const REFUSED: readonly (readonly [name: string, imports: string, statement: string, code: string])[] = [
  [
    "an amount that is a bigint",
    "Quote",
    'export const x: Quote = { symbol: "X", bid: 1n, ask: 2, timestamp: 0 };',
    "TS2322",
  ],
  ["a side in capitals", "Fill", 'export const x: Fill["side"] = "BUY";', "TS2820"],
  ["an acknowledgement without an id", "OrderAck", 'export const x: OrderAck = { status: "acknowledged" };', "TS2741"],
  [
    "an acknowledgement of another status",
    "OrderAck",
    'export const x: OrderAck = { venueOrderId: "1", status: "accepted" };',
    "TS2322",
  ],
  ["a status in another spelling", "OrderReport", 'export const x: OrderReport["status"] = "canceled";', "TS2820"],
  ["an unknown capability", "Capabilities", "export const x: Capabilities = { fast: true };", "TS2353"],
  [
    "an unknown kind of dedupe",
    "Capabilities",
    'export const x: Capabilities = { clientIdDedupe: "daily" };',
    "TS2322",
  ],
  ["an unknown mode", "Capabilities", 'export const x: Capabilities = { mode: "demo" };', "TS2322"],
  [
    "an account without its currency",
    "Account",
    "export const x: Account = { nav: 1, cash: 1, buyingPower: 1 };",
    "TS2741",
  ],
  [
    "an SDK's number as text",
    "ConnectorClass",
    'export const x: Pick<ConnectorClass, "sdk"> = { sdk: "1" };',
    "TS2322",
  ],
  ["an adapter that is no class", "ConnectorClass", "export const x: ConnectorClass = () => undefined;", "TS2322"],
  ["a block without a reason", "GuardResult", 'export const x: GuardResult = { result: "block" };', "TS2322"],
  [
    "a guard without a key",
    "GuardAdapter",
    'export const x: Omit<GuardAdapter, "evaluate"> = { description: "" };',
    "TS2741",
  ],
  [
    "a secret that is awaited",
    "ConnectorContext",
    'export const x = (ctx: ConnectorContext) => ctx.secret("a").then();',
    "TS2339",
  ],
  ["an order's quantity that is text", "Order", 'export const x: Order["quantity"] = "1";', "TS2322"],
  [
    "an undefined limit price",
    "Order",
    'export const x: Pick<Order, "limitPrice"> = { limitPrice: undefined };',
    "TS2375",
  ],
];

describe.each([
  ["its source", "src/domain/sdk.ts"],
  ["the published declarations", "dist/src/domain/sdk.d.ts"],
])("the SDK's types, by %s", (_name, sdk) => {
  it("the SDK's types accept every documented use", () => {
    expect(compile(sdk, [`${ROOT}/test/types/sdk.types.ts`])).toBe("");
  });

  it("the SDK's types have exactly the documented fields", () => {
    const files = Object.entries(SHAPES).map(([name, shape]) => {
      const file = join(folder, `${name}.ts`);
      writeFileSync(file, `${SHAPE_HEAD}export const same: Same<Flat<S.${name}>, ${shape}> = true;\n`);
      return file;
    });
    expect(compile(sdk, files)).toBe("");
  });

  it("the SDK's types refuse each mistake at its line with its own error", () => {
    const files = REFUSED.map(([, imports, statement], index) => {
      const file = join(folder, `case-${index}.ts`);
      writeFileSync(file, `import type { ${imports} } from "@qoc-app/sdk";\n${statement}\n`);
      return file;
    });
    const said = compile(sdk, files).split("\n");
    const found = REFUSED.map(([name], index) => {
      const lines = said.filter((line) => line.includes(`case-${index}.ts(`));
      return [name, lines.map((line) => /\((\d+),\d+\): error (TS\d+)/.exec(line)?.slice(1).join(" "))];
    });
    expect(found).toEqual(REFUSED.map(([name, , , code]) => [name, [`2 ${code}`]]));
  });
});
