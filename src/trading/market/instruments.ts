/** The instruments of venues: looked up when they are needed, kept for a while, and the multipliers that they state. */
import { assetKey, assetOf } from "../../domain/market/asset.ts";
import { ONE, decimal, text } from "../../domain/decimal.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { type MultiplierStated, multiplierOf } from "../../domain/account/multiplier.ts";
import { type InstrumentKey, instrumentKey } from "../../domain/orders/order.ts";
import type { VenueInstrument, VenuePosition } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";

/** Of all connectors. Agents propose any symbol, and a venue can report any number of positions over time. */
const INSTRUMENTS_MAX = 20_000;
const INSTRUMENT_AGE_MAX_MS = 10 * 60 * 1000;

export type InstrumentsDesk = Pick<
  Desk,
  "clock" | "fillBudgets" | "log" | "market" | "publish" | "readOnly" | "state" | "venues"
>;

export async function instrumentOf(
  desk: InstrumentsDesk,
  connector: string,
  symbol: string,
): Promise<VenueInstrument | null | undefined> {
  const key = `${connector}/${symbol}`;
  const cached = desk.market.instruments.get(key);
  const mono = desk.clock.monotonic();
  if (cached !== undefined && mono - cached.mono < INSTRUMENT_AGE_MAX_MS) return cached.instrument;
  const instrument = await desk.venues.instrument(connector, symbol);
  if (instrument === undefined) return undefined;
  keepInstrument(desk, key, { instrument, mono });
  if (instrument !== null && desk.readOnly() === undefined) stateAsset(desk, connector as ConnectorName, instrument);
  const { multiplier = text(ONE) } = instrument ?? {};
  const isNews = instrument !== null && !decimal(multiplier).eq(multiplierOf(desk.state, connector, symbol));
  if (isNews && desk.readOnly() === undefined)
    stateMultiplier(desk, { connector: connector as ConnectorName, symbol, multiplier });
  return instrument;
}

/** Keeps the instrument; of too many, the instrument that was fetched longest ago is dropped. */
function keepInstrument(
  { market: { instruments } }: Pick<Desk, "market">,
  key: string,
  fetched: { readonly instrument: VenueInstrument | null; readonly mono: number },
): void {
  instruments.delete(key);
  instruments.set(key, fetched);
  for (const oldest of instruments.keys()) {
    if (instruments.size <= INSTRUMENTS_MAX) return;
    instruments.delete(oldest);
  }
}

function stateMultiplier(
  desk: Pick<Desk, "fillBudgets" | "publish" | "venues">,
  stated: Omit<MultiplierStated, "type">,
): void {
  const exceeded = desk.fillBudgets.spend(stated.connector, "multiplier");
  if (exceeded === undefined) desk.publish({ type: "instrument.multiplier", ...stated });
  else
    void desk.venues.cutOff(
      stated.connector,
      new QocError("FILL_FLOOD", { connector: stated.connector, ...exceeded }).message,
    );
}

/** A connector that states assets without end is believed up to its budget: an asset only tightens limits. */
function stateAsset(
  { fillBudgets, log, publish, state }: Pick<Desk, "fillBudgets" | "log" | "publish" | "state">,
  connector: ConnectorName,
  { symbol, asset }: VenueInstrument,
): void {
  const known = assetOf(state, connector, symbol);
  if (known === (asset && assetKey(asset))) return;
  const exceeded = fillBudgets.spend(connector, "asset");
  if (exceeded === undefined) publish({ type: "instrument.asset", connector, symbol, asset: asset ?? null });
  else
    log.warn(`the asset of ${symbol} is not kept: more than ${exceeded.limit} ${exceeded.what} in an hour`, {
      connector,
    });
}

/** Held instruments that are looked up at the same time. */
const LOOKED_UP_AT_ONCE = 20;

/** Looks up each held instrument once after a start, because its value depends on its multiplier. */
export async function sizePositions(
  desk: InstrumentsDesk,
  connector: ConnectorName,
  held: readonly VenuePosition[],
): Promise<void> {
  const { sized } = desk.market;
  if (desk.venues.facts(connector)?.methods.includes("getInstrument") !== true) return;
  forgetSized(desk, connector, held);
  const isOpen = ({ symbol, quantity }: VenuePosition): boolean =>
    quantity !== "0" && !sized.has(instrumentKey(connector, symbol));
  const open = held.filter(isOpen);
  for (let start = 0; start < open.length; start += LOOKED_UP_AT_ONCE) {
    const slice = open.slice(start, start + LOOKED_UP_AT_ONCE);
    await Promise.all(
      slice.map(async ({ symbol }) => {
        try {
          await instrumentOf(desk, connector, symbol);
          sized.add(instrumentKey(connector, symbol));
        } catch (error) {
          desk.log.warn(`no instrument ${symbol} at ${connector}: ${messageOf(error)}`, { connector });
        }
      }),
    );
  }
}

/** A position that was closed is looked up again when it is opened again. */
function forgetSized(
  { market: { sized } }: Pick<Desk, "market">,
  connector: ConnectorName,
  held: readonly VenuePosition[],
): void {
  const keys = new Set(held.map(({ symbol }) => instrumentKey(connector, symbol)));
  for (const key of sized) if (key.startsWith(`${connector}/`) && !keys.has(key)) sized.delete(key);
}

/** A connector that starts again may have another adapter, venue or account: its instruments are fetched again. */
export function forgetInstruments({ market }: Pick<Desk, "market">, connector: string): void {
  for (const known of [market.instruments, market.sized, market.sessions])
    for (const key of known.keys()) if (key.startsWith(`${connector}/`)) known.delete(key as InstrumentKey);
}
