/** Compares a state, parts of which may be in an archive, with the fold of a whole journal. */
import { expect } from "vitest";
import { ArchivedMap } from "../../src/domain/archived-map.ts";
import { isDecimal } from "../../src/domain/decimal.ts";
import { type DeskState, foldDeskState } from "../../src/domain/desk-state.ts";
import type { Recorded } from "../../src/domain/event.ts";
import { PositionRecord } from "../../src/domain/account/position.ts";
import { TradeSums } from "../../src/domain/account/trade-sums.ts";

/** The value as plain data. Of an archived map: what it finds for the keys of the map of the whole fold. */
function plain(value: unknown, whole: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isDecimal(value)) return value.toFixed();
  if (value instanceof ArchivedMap)
    return [...(whole as Map<string, unknown>).keys()].map((key) => [key, plain(value.get(key), undefined)]);
  if (value instanceof PositionRecord || value instanceof TradeSums) return plain(value.parts, undefined);
  if (value instanceof Map || value instanceof Set) return [...value].map((each) => plain(each, undefined));
  if (Array.isArray(value)) return value.map((each) => plain(each, undefined));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      plain(each, (whole as Record<string, unknown> | undefined)?.[name]),
    ]),
  );
}

export function expectWhole(state: DeskState, records: readonly Recorded[]): void {
  const whole = foldDeskState(records);
  expect(plain(state, whole)).toEqual(plain(whole, whole));
  for (const name of ["orders", "fills", "counted", "activities", "stems"] as const)
    expect([name, state[name].total]).toEqual([name, whole[name].size]);
}
