/** A desk with one connector "broker", whose adapter does not state its mode. */
import { adapterFixture } from "./adapter-fixture.ts";
import { type TempDesk, tempDesk } from "./temp-desk.ts";

const FILES = { "venue.ts": adapterFixture("instant-venue").replace('{ mode: "paper" }', "{}") };

/** Its table in desk.toml; `mode` is a line of it, or "". */
export function brokerTable(mode: string): string {
  return `[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\n${mode}\n`;
}
export const LIVE = brokerTable('mode = "live"');
export const PAPER = brokerTable('mode = "paper"');

/** Opens a desk with this desk.toml; `again` is a desk that was stopped. */
export function openBrokerDesk(config: string, again?: TempDesk): Promise<TempDesk> {
  return tempDesk({ config: () => config, files: FILES, ...(again === undefined ? {} : { again }) });
}

export async function proposeToBroker(desk: TempDesk): Promise<{ id: string; digest: string }> {
  const order = { side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "100", rationale: "x" };
  return desk.call("orders propose", { connector: "broker", ...order });
}
