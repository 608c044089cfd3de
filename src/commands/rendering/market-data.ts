/** Market data that a connector does not have: the reason in its place. */
import type { Untrusted } from "../../domain/untrusted.ts";
import { type OutputStyle, keyValueLines } from "./table-text.ts";

/** The fields that every value about a symbol has, with or without its data. */
export interface MarketData {
  readonly status: "ready" | "data_pending";
  readonly symbol: string;
  readonly reason?: string;
  readonly untrusted?: Untrusted | null;
}

export function renderUnavailable(
  { symbol, status, reason = "", untrusted }: MarketData,
  style: OutputStyle,
): readonly string[] {
  return keyValueLines(style, [
    ["symbol", symbol],
    ["status", status],
    ["reason", untrusted === null || untrusted === undefined ? reason : `${reason}: ${untrusted.text}`],
  ]);
}
