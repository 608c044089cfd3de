/** What a client of TWS asks for. Source: the message layout of IBKR's own clients, server version 193. */
import type { VenueCommand, WireOrder } from "../../domain/sdk-kit.ts";
import { type UnsignedCommand, faultRouteOf } from "../dialects/dialect.ts";
import type { VenueRoute } from "../venue/fake-venue-faults.ts";

/** The names of the messages that the gateway reads. */
const NAMES: Readonly<Record<string, string>> = {
  "1": "reqMktData",
  "2": "cancelMktData",
  "3": "placeOrder",
  "4": "cancelOrder",
  "6": "reqAccountUpdates",
  "7": "reqExecutions",
  "9": "reqContractDetails",
  "16": "reqAllOpenOrders",
  "20": "reqHistoricalData",
  "49": "reqCurrentTime",
  "59": "reqMarketDataType",
  "71": "startApi",
  "81": "reqMatchingSymbols",
  "91": "reqMarketRule",
  "99": "reqCompletedOrders",
};

export interface TwsRequest {
  readonly name: string;
  /** The id of the request or of the order that the answer names; -1 for requests without one. */
  readonly id: number;
  readonly route: VenueRoute | "unknown";
  readonly command: VenueCommand;
  /** The kit's symbol of the contract in the request; "" for requests without one. */
  readonly symbol: string;
  readonly fields: readonly string[];
}

/** What a request cannot say by itself. */
export interface TwsLookup {
  /** The symbol with this contract id. */
  readonly symbolOf: (conId: number) => string | undefined;
  /** The account-wide id of the client's order. */
  readonly permIdOf: (orderId: number) => string | undefined;
}

const TYPES: Readonly<Record<string, string>> = { MKT: "market", LMT: "limit", STP: "stop", "STP LMT": "stop_limit" };
const FIRST_CONTRACT_FIELD: Readonly<Record<string, number>> = {
  reqMktData: 3,
  reqContractDetails: 3,
  placeOrder: 2,
  reqHistoricalData: 2,
};
/** The place of the id among the fields. */
const ID_FIELD: Readonly<Record<string, number>> = {
  reqMktData: 2,
  cancelMktData: 2,
  placeOrder: 1,
  cancelOrder: 1,
  reqExecutions: 2,
  reqContractDetails: 2,
  reqHistoricalData: 1,
  reqMatchingSymbols: 1,
};

export function readTwsRequest(fields: readonly string[], lookup: TwsLookup): TwsRequest {
  const name = NAMES[fields[0] ?? ""] ?? `message ${fields[0] ?? ""}`;
  const place = ID_FIELD[name];
  const id = place === undefined ? -1 : Number(fields[place]);
  // TWS has no keys: each client acts for the login of the gateway.
  const command: VenueCommand = { isAuthorized: true, ...commandOf(name, { fields, id, lookup }) };
  const symbol = FIRST_CONTRACT_FIELD[name] === undefined ? "" : symbolIn(name, { fields, id, lookup });
  return { name, id, route: faultRouteOf(command), command, symbol, fields };
}

interface Parts {
  readonly fields: readonly string[];
  readonly id: number;
  readonly lookup: TwsLookup;
}

function commandOf(name: string, parts: Parts): UnsignedCommand {
  const { id, lookup } = parts;
  switch (name) {
    case "reqCurrentTime":
      return { route: "time" };
    case "reqAccountUpdates":
      return parts.fields[2] === "1" ? { route: "account" } : { route: "other", name: "stop account updates" };
    case "reqExecutions":
      return { route: "fills", since: 0 };
    case "reqAllOpenOrders":
      return { route: "orders", isOpenOnly: true };
    case "reqCompletedOrders":
      return { route: "orders" };
    case "reqMktData":
      return { route: "quote", symbol: symbolIn(name, parts) };
    case "reqContractDetails":
      return { route: "instrument", symbol: symbolIn(name, parts) };
    case "cancelOrder":
      return { route: "cancel", orderId: lookup.permIdOf(id) ?? "" };
    case "placeOrder":
      return { route: "place", terms: orderIn(parts) };
    default:
      return { route: "other", name };
  }
}

/** The kit's symbol of the contract in a request. */
function symbolIn(name: string, { fields, lookup }: Parts): string {
  const first = FIRST_CONTRACT_FIELD[name] ?? 0;
  const known = lookup.symbolOf(Number(fields[first]));
  if (known !== undefined) return known;
  const [symbol = "", secType = ""] = fields.slice(first + 1);
  const currency = fields[first + 9] ?? "";
  return secType === "CASH" || secType === "CRYPTO" ? `${symbol}/${currency}` : symbol;
}

function orderIn(parts: Parts): WireOrder {
  const [side = "", quantity = "", type = "", limit = "", stop = "", tif = ""] = parts.fields.slice(16);
  return {
    client_order_id: parts.fields[26] ?? "",
    symbol: symbolIn("placeOrder", parts),
    side: side === "BUY" ? "buy" : "sell",
    quantity,
    type: TYPES[type] ?? type,
    limit_price: limit === "" ? undefined : limit,
    stop_price: stop === "" ? undefined : stop,
    time_in_force: tif.toLowerCase(),
  };
}
