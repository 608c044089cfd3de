/** What the fake venue does wrong, armed for the next requests of one route. */

/** The requests that read and write, and the stream. */
export const REQUEST_ROUTES = [
  "time",
  "quote",
  "account",
  "positions",
  "instrument",
  "place",
  "order",
  "orders",
  "cancel",
  "fills",
] as const;
export type Route = (typeof REQUEST_ROUTES)[number] | "stream";

/**
 * In place of an answer. `isDone` decides whether the request does its work first: an order that was taken, whose answer is
 * lost, is what costs people money.
 */
export type Fault =
  /** No answer comes; the connection stays open. */
  | { readonly kind: "hang"; readonly isDone?: boolean }
  /** The connection is cut. */
  | { readonly kind: "reset"; readonly isDone?: boolean }
  /** 500 with a JSON body. */
  | { readonly kind: "500"; readonly isDone?: boolean }
  /** 503 as a proxy says it, in HTML. */
  | { readonly kind: "html"; readonly isDone?: boolean }
  /** 429 with `retry-after: 1`. */
  | { readonly kind: "429"; readonly isDone?: boolean }
  /** 401, as after a key was withdrawn. */
  | { readonly kind: "401"; readonly isDone?: boolean }
  /** The status of success and half a JSON text. */
  | { readonly kind: "malformed"; readonly isDone?: boolean }
  /** The status of success and an empty JSON object. */
  | { readonly kind: "empty"; readonly isDone?: boolean }
  /** The right answer, late. */
  | { readonly kind: "slow"; readonly ms: number };

export class Faults {
  readonly #armed: { route: Route; fault: Fault; left: number }[] = [];

  arm(route: Route, fault: Fault, times: number): void {
    this.#armed.push({ route, fault, left: times });
  }

  /** The fault that meets this request; each is used up by its number of requests. */
  take(route: Route): Fault | undefined {
    const found = this.#armed.find((armed) => armed.route === route && armed.left > 0);
    if (found !== undefined) found.left -= 1;
    return found?.fault;
  }

  clear(): void {
    this.#armed.length = 0;
  }
}
