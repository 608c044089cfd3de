/** `[connector.options]` of a paper venue on the quotes of another connector. */
import { assertKnown, readCurrency, readSimulationOptions, type SimulationOptions } from "../paper/options.ts";

type SourceOptions = Pick<SimulationOptions, "cash" | "slippageBps" | "commissionBps" | "latencyMs" | "allowShort"> & {
  readonly currency: string;
};

export const OPTION_NAMES = ["currency", "cash", "slippage_bps", "commission_bps", "latency_ms", "allow_short"];

/** @throws ConnectRefused with the option's name, its value and the allowed values. */
export function readOptions(raw: Readonly<Record<string, unknown>>): SourceOptions {
  assertKnown(raw, OPTION_NAMES, "a paper venue with quotes");
  return { currency: readCurrency(raw["currency"]), ...readSimulationOptions(raw) };
}
