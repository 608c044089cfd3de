import { describe, expect, it } from "vitest";
import { digestTerms } from "../../../src/domain/digest.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import {
  type CompleteDraft,
  defaultTimeInForce,
  type OrderDraft,
  type RouteTarget,
  ProposalError,
  readProposal,
  routeProposal,
  termsOf,
} from "../../../src/domain/orders/proposal.ts";
import type { TimeInForce } from "../../../src/domain/sdk.ts";

/** As `[order]` and `[rationale]` tables come out of TOML. */
const NESTED = {
  order: {
    connector: "main-equities",
    symbol: "AAPL",
    side: "buy",
    quantity: 50,
    type: "limit",
    limit_price: 211.4,
    time_in_force: "day",
  },
  rationale: { summary: "Underweight.", research_ref: "research/2026-07-05-aapl-rebalance.md" },
};
/** As flat YAML comes out of the failsafe schema: all text. */
const FLAT = {
  action: "sell",
  symbol: "AAPL",
  quantity: "50",
  order_type: "limit",
  limit_price: "192.40",
  venue: "NASDAQ",
  rationale: "Trimming 20 % of AAPL position after earnings beat.\n",
  proposed_by: "agent-run-20260705T0830Z",
  status: "pending_approval",
};

describe("the documented formats", () => {
  it("readProposal reads the nested form with numbers", () => {
    expect(readProposal(NESTED, "2026-07-05T14-22-00Z_AAPL_buy")).toEqual({
      connector: "main-equities",
      symbol: "AAPL",
      side: "buy",
      quantity: "50",
      type: "limit",
      limitPrice: "211.4",
      timeInForce: "day",
      rationale: "Underweight.",
      researchRef: "research/2026-07-05-aapl-rebalance.md",
      proposedBy: "",
    });
  });

  it("readProposal reads the flat form with text values and the second names", () => {
    expect(readProposal(FLAT, "20260705-aapl-trim")).toEqual({
      venue: "NASDAQ",
      symbol: "AAPL",
      side: "sell",
      quantity: "50",
      type: "limit",
      limitPrice: "192.4",
      timeInForce: undefined,
      rationale: "Trimming 20 % of AAPL position after earnings beat.",
      proposedBy: "agent-run-20260705T0830Z",
    });
  });

  it("readProposal reads session, position intent and post-only, of a bare word too", () => {
    const flags = { session: "Extended", position_intent: "close", post_only: true };
    expect(readProposal({ ...FLAT, ...flags }, "x")).toMatchObject({
      session: "extended",
      positionIntent: "close",
      postOnly: true,
    });
    expect(readProposal({ ...FLAT, post_only: false }, "x")).toMatchObject({ postOnly: undefined });
    expect(() => readProposal({ ...FLAT, session: "night" }, "x")).toThrow(
      'session "night" is not one of regular, extended',
    );
    const market = { ...FLAT, order_type: "market", limit_price: "", post_only: "true" };
    expect(() => readProposal(market, "x")).toThrow("post_only needs a limit order");
  });

  it("readProposal accepts the proposal's own id, sources, and both spellings of types", () => {
    const draft = readProposal(
      {
        ...FLAT,
        id: "x",
        sources: ["a", "b"],
        order_type: "Stop-Limit",
        stop_price: ".5",
        time_in_force: "GTC",
        action: "BUY",
      },
      "x",
    );
    expect(draft).toMatchObject({ type: "stop_limit", stopPrice: "0.5", timeInForce: "gtc", side: "buy" });
  });
});

const { quantity: _quantity, ...WITHOUT_QUANTITY } = FLAT;
const { limit_price: _price, ...WITHOUT_PRICE } = FLAT;
const { symbol: _symbol, ...WITHOUT_SYMBOL } = FLAT;
const { action: _action, ...WITHOUT_SIDE } = FLAT;
const { order_type: _type, ...WITHOUT_TYPE } = FLAT;

const BAD: readonly { name: string; document: unknown; says: RegExp }[] = [
  { name: "no table at all", document: [1, 2], says: /not a table/ },
  { name: "nothing", document: null, says: /not a table/ },
  { name: "a bare text", document: "buy", says: /not a table/ },
  { name: "no quantity", document: WITHOUT_QUANTITY, says: /quantity is missing/ },
  { name: "an empty quantity", document: { ...FLAT, quantity: "" }, says: /quantity is missing/ },
  { name: "a negative quantity", document: { ...FLAT, quantity: "-50" }, says: /quantity must be above zero, not -50/ },
  { name: "a negative number", document: { ...FLAT, quantity: -50 }, says: /quantity must be above zero/ },
  { name: "none of it", document: { ...FLAT, quantity: 0 }, says: /quantity must be above zero/ },
  { name: "minus nothing", document: { ...FLAT, quantity: "-0.00" }, says: /quantity must be above zero/ },
  { name: "NaN as text", document: { ...FLAT, quantity: "NaN" }, says: /quantity .*not a decimal/ },
  { name: "NaN itself", document: { ...FLAT, quantity: Number.NaN }, says: /quantity .*not a finite number/ },
  {
    name: "infinity",
    document: { ...FLAT, quantity: Number.POSITIVE_INFINITY },
    says: /quantity .*not a finite number/,
  },
  { name: "1e400 as text", document: { ...FLAT, quantity: "1e400" }, says: /quantity .*outside 1e-30 to 1e30/ },
  { name: "1e400 bare", document: { ...FLAT, quantity: 1e400 }, says: /quantity .*not a finite/ },
  {
    name: "30 bare digits",
    document: { ...FLAT, quantity: 123456789012345678901234567890 },
    says: /quantity .*quote it/,
  },
  {
    name: "30 bare digits as a big integer turned text by a parser stay exact only as decimals",
    document: { ...FLAT, quantity: "9".repeat(65) },
    says: /65 characters/,
  },
  { name: "a thousands separator", document: { ...FLAT, quantity: "1,000" }, says: /quantity .*not a decimal/ },
  { name: "wide digits", document: { ...FLAT, quantity: "５０" }, says: /quantity .*not a decimal/ },
  { name: "yes", document: { ...FLAT, quantity: true }, says: /quantity .*not a decimal/ },
  { name: "a list of quantities", document: { ...FLAT, quantity: [50] }, says: /quantity must be a single value/ },
  { name: "a table of quantities", document: { ...FLAT, quantity: { a: 1 } }, says: /quantity must be a single value/ },
  { name: "no value", document: { ...FLAT, quantity: null }, says: /quantity must be a single value/ },
  { name: "a negative price", document: { ...FLAT, limit_price: -1 }, says: /limit_price must be above zero/ },
  { name: "a Cyrillic A", document: { ...FLAT, symbol: "АAPL" }, says: /U\+0410/ },
  { name: "a hidden space", document: { ...FLAT, symbol: "AA\u200bPL" }, says: /U\+200B/ },
  { name: "no symbol", document: WITHOUT_SYMBOL, says: /symbol is missing/ },
  { name: "no side", document: WITHOUT_SIDE, says: /side is missing/ },
  { name: "no type", document: WITHOUT_TYPE, says: /^type is missing \(one of market, limit/ },
  { name: "a side that is none", document: { ...FLAT, action: "short" }, says: /side "short" is not one of buy, sell/ },
  { name: "a type that is none", document: { ...FLAT, order_type: "iceberg" }, says: /order_type "iceberg"/ },
  { name: "a time that is none", document: { ...FLAT, time_in_force: "gtd" }, says: /time_in_force "gtd"/ },
  { name: "an unknown field", document: { ...FLAT, leverage: 3 }, says: /unknown field "leverage"/ },
  { name: "a mistyped field", document: { ...FLAT, limit_prise: 3 }, says: /did you mean limit_price/ },
  { name: "a field in another alphabet", document: { ...FLAT, quаntity: 9 }, says: /unknown field/ },
  { name: "an inherited name", document: { ...FLAT, constructor: "x" }, says: /unknown field "constructor"/ },
  {
    name: "an unknown nested field",
    document: { ...NESTED, order: { ...NESTED.order, trail: 1 } },
    says: /unknown field "trail"/,
  },
  { name: "both names of the side", document: { ...FLAT, side: "sell" }, says: /action and side are the same field/ },
  {
    name: "both names of the type",
    document: { ...FLAT, type: "limit" },
    says: /order_type and type are the same field/,
  },
  { name: "a field inside and outside", document: { ...NESTED, quantity: 50 }, says: /quantity is set twice/ },
  { name: "an order that is no table", document: { order: "buy" }, says: /\[order\] must be a table/ },
  { name: "another file's id", document: { ...FLAT, id: "other" }, says: /id "other" is not the file's name "stem"/ },
  { name: "a limit without its price", document: WITHOUT_PRICE, says: /a limit order needs limit_price/ },
  {
    name: "a market order with a limit",
    document: { ...FLAT, order_type: "market" },
    says: /a market order has no limit_price/,
  },
  {
    name: "a market order with a stop",
    document: { ...WITHOUT_PRICE, order_type: "market", stop_price: 1 },
    says: /a market order has no stop_price/,
  },
  { name: "a limit with a stop", document: { ...FLAT, stop_price: 1 }, says: /a limit order has no stop_price/ },
  {
    name: "a stop without its price",
    document: { ...WITHOUT_PRICE, order_type: "stop" },
    says: /a stop order needs stop_price/,
  },
  {
    name: "a stop with a limit",
    document: { ...FLAT, order_type: "stop", stop_price: 1 },
    says: /a stop order has no limit_price/,
  },
  {
    name: "a stop-limit without its stop",
    document: { ...FLAT, order_type: "stop-limit" },
    says: /a stop-limit order needs stop_price/,
  },
  {
    name: "a novel for a rationale",
    document: { ...FLAT, rationale: "x".repeat(16_001) },
    says: /rationale has 16001 characters/,
  },
];

describe("what is wrong is named", () => {
  it.each(BAD)("$name", ({ document, says }) => {
    expect(() => readProposal(document, "stem")).toThrow(says);
    expect(() => readProposal(document, "stem")).toThrow(ProposalError);
  });
});

function target(name: string, more: Partial<RouteTarget> = {}): RouteTarget {
  return {
    name: name as ConnectorName,
    enabled: true,
    orders: true,
    venues: [],
    mode: "paper",
    ...more,
  };
}
function lists(name: string, ...venues: string[]): RouteTarget {
  return target(name, { venues });
}
const off = target("off", { enabled: false });
const data = target("data", { orders: false });

const ROUTES: readonly {
  name: string;
  draft: { connector?: string; venue?: string };
  targets: readonly RouteTarget[];
  to?: string;
  reason?: RegExp;
}[] = [
  { name: "named", draft: { connector: "b" }, targets: [target("a"), target("b")], to: "b" },
  {
    name: "named wins over the venue",
    draft: { connector: "b", venue: "X" },
    targets: [lists("a", "X"), target("b")],
    to: "b",
  },
  {
    name: "named, unknown, though it is the only one there",
    draft: { connector: "papre" },
    targets: [target("paper")],
    reason: /no connector is named papre \(did you mean paper\?\)/,
  },
  { name: "named, off", draft: { connector: "off" }, targets: [off, target("a")], reason: /off is not enabled/ },
  { name: "named, data only", draft: { connector: "data" }, targets: [data, target("a")], reason: /data is data-only/ },
  { name: "the venue is a connector's name", draft: { venue: "b" }, targets: [target("a"), target("b")], to: "b" },
  {
    name: "the venue is the name of one that is off",
    draft: { venue: "off" },
    targets: [off, lists("a", "off")],
    reason: /off is not enabled/,
  },
  {
    name: "the venue is listed",
    draft: { venue: "NASDAQ" },
    targets: [target("a"), lists("b", "NYSE", "NASDAQ")],
    to: "b",
  },
  {
    name: "the venue is listed by one that is off and one that is on",
    draft: { venue: "X" },
    targets: [target("off", { enabled: false, venues: ["X"] }), lists("b", "X"), target("c")],
    to: "b",
  },
  {
    name: "the venue is listed twice",
    draft: { venue: "X" },
    targets: [lists("a", "X"), lists("b", "X")],
    reason: /listed by a and b/,
  },
  {
    name: "the venue is not listed, but one alone takes orders",
    draft: { venue: "X" },
    targets: [target("a"), data, off],
    to: "a",
  },
  {
    name: "the venue is not listed and two take orders",
    draft: { venue: "X" },
    targets: [target("a"), target("b")],
    reason: /no connector lists venue X; 2 connectors take orders/,
  },
  { name: "nothing said, one takes orders", draft: {}, targets: [data, target("a"), off], to: "a" },
  {
    name: "nothing said, two take orders",
    draft: {},
    targets: [target("a"), target("b")],
    reason: /2 connectors take orders; name one/,
  },
  { name: "nothing said, none takes orders", draft: {}, targets: [data, off], reason: /no connector takes orders/ },
  { name: "no connectors", draft: { venue: "X" }, targets: [], reason: /no connector takes orders/ },
];

describe("routing", () => {
  it.each(ROUTES)("$name", ({ draft, targets, to, reason }) => {
    const route = routeProposal(draft, targets);
    if ("to" in route) expect(route.to.name).toBe(to);
    else expect(route.reason).toMatch(reason ?? /^no reason was expected$/);
    expect("to" in route).toBe(to !== undefined);
  });
});

describe("the time in force of an order that states none", () => {
  it.each<[TimeInForce[] | undefined, TimeInForce]>([
    [undefined, "day"],
    [[], "day"],
    [["gtc", "day"], "day"],
    [["fok", "ioc", "gtc"], "gtc"],
    [["fok"], "fok"],
  ])("is, where the instrument takes %j, %s", (taken, expected) => expect(defaultTimeInForce(taken)).toBe(expected));
});

function complete(document: object): CompleteDraft {
  const draft = readProposal(document, "x") as OrderDraft;
  return { ...draft, timeInForce: draft.timeInForce ?? "day" };
}

describe("the digest of the terms", () => {
  const digestWith = (quantity: unknown, more: object = {}): string =>
    digestTerms(termsOf(complete({ ...FLAT, quantity, ...more }), target("paper")));

  it("the digest of these terms never changes", () =>
    expect(digestWith(50)).toBe("sha256:56bb277f34df677c0e4ab723c090c0b1a0e30bba5017d63a3d32c4044e85a4f9"));

  it("the digest does not depend on how a number is written or on the order of fields", () => {
    expect(new Set([50, 50.0, "50", "50.0", "5e1", "+50", " 50 "].map((quantity) => digestWith(quantity))).size).toBe(
      1,
    );
    const nested = complete({ order: { ...Object.fromEntries(Object.entries(FLAT).toReversed()) } });
    expect(digestTerms(termsOf(nested, target("paper")))).toBe(digestWith(50));
  });

  it("the digest changes with every term, and not with the rationale or other fields", () => {
    const base = digestWith(50);
    const changed = [
      digestWith("50.0000001"),
      digestWith(50, { symbol: "AAP" }),
      digestWith(50, { action: "buy" }),
      digestWith(50, { limit_price: "192.41" }),
      digestWith(50, { time_in_force: "gtc" }),
      digestWith(50, { order_type: "stop-limit", stop_price: "1" }),
      digestTerms(termsOf(complete(FLAT), target("other"))),
      digestTerms(termsOf(complete(FLAT), target("paper", { mode: "live" }))),
    ];
    expect(new Set([base, ...changed]).size).toBe(changed.length + 1);
    expect(digestWith(50, { rationale: "other", status: "approved", proposed_by: "me" })).toBe(base);
  });
});
