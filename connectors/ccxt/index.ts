/** Exchanges of coins, through the package ccxt: the exchange that desk.toml names, and no other. */
import { Exchange, id } from "qoc:exchange";
import type { ExchangeClass } from "./ccxt.ts";
import { BINANCE } from "./binance/venue.ts";
import { COINBASE } from "./coinbase/venue.ts";
import { KRAKEN } from "./kraken/venue.ts";
import { connectorFor } from "./connector.ts";
import { readOnlyProfile } from "./read-only.ts";
import type { Profile } from "./venue.ts";

/** The exchanges whose orders were reviewed. Every other one is only read. */
const REVIEWED: Readonly<Record<string, Profile>> = { binance: BINANCE, coinbase: COINBASE, kraken: KRAKEN };

export default connectorFor(Exchange as ExchangeClass, REVIEWED[id] ?? readOnlyProfile(id));
