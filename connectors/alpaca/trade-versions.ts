/**
 * The first version of each trade. Alpaca names the trade that a correction or a bust changes, and does not say whether
 * that is its first version or the version before; the desk counts each trade once, under its first.
 */
import type { Fill, UnreadableFill } from "@qoc-app/sdk";
import { isReadable } from "../listed-item.ts";

/** Corrections are rare. Those that were read last are kept. */
export const VERSIONS_MAX = 10_000;

export class TradeVersions {
  /** The first version of a trade, by the id of each later one, in the order in which they were read last. */
  readonly #firsts = new Map<string, string>();

  /** `fills` in the order in which they were made. */
  ofFirst(fills: readonly (Fill | UnreadableFill)[]): (Fill | UnreadableFill)[] {
    return fills.map((fill) => (isReadable(fill) ? this.#named(fill) : fill));
  }

  #named(fill: Fill): Fill {
    const { corrects, busts, fillId } = fill;
    const earlier = corrects ?? busts;
    if (earlier === undefined) return fill;
    const first = this.#firsts.get(earlier) ?? earlier;
    this.#keep(fillId, first);
    return corrects === undefined ? { ...fill, busts: first } : { ...fill, corrects: first };
  }

  #keep(fillId: string, first: string): void {
    this.#firsts.delete(fillId);
    this.#firsts.set(fillId, first);
    const [oldest] = this.#firsts.keys();
    if (this.#firsts.size > VERSIONS_MAX && oldest !== undefined) this.#firsts.delete(oldest);
  }
}
