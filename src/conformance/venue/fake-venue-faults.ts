/** Faults that a case arms for the next requests of one route of the venue. */

/** Every HTTP route of a method. VenueRoute also has the stream. */
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
/** `background`: a request while no method runs, such as the one after a reconnect. Behind the kit's proxy only. */
export type VenueRoute = (typeof REQUEST_ROUTES)[number] | "stream" | "background";

/**
 * What the venue does instead of responding normally. If `isDone` is true, the request takes effect before the fault.
 * An accepted order whose response is lost is the most dangerous fault.
 */
export type Fault =
  /** No response; the connection stays open. */
  | { readonly kind: "hang"; readonly isDone?: boolean }
  /** The connection is reset. */
  | { readonly kind: "reset"; readonly isDone?: boolean }
  /** 500 with a JSON body, sent after `afterMs` behind the kit's proxy. */
  | { readonly kind: "500"; readonly isDone?: boolean; readonly afterMs?: number }
  /** 408, 502 and 504, as a proxy in front of the venue sends. */
  | { readonly kind: "408"; readonly isDone?: boolean }
  | { readonly kind: "502"; readonly isDone?: boolean }
  | { readonly kind: "504"; readonly isDone?: boolean }
  /** 503 with an HTML page, as a proxy sends. */
  | { readonly kind: "html"; readonly isDone?: boolean }
  /** 429 with `retry-after: 1`. */
  | { readonly kind: "429"; readonly isDone?: boolean }
  /** 401, as after the key was revoked. */
  | { readonly kind: "401"; readonly isDone?: boolean }
  /** 418 with `retry-after: 60`: the venue has banned the address. */
  | { readonly kind: "418"; readonly isDone?: boolean }
  /** 200 with the body of an internal error. */
  | { readonly kind: "error-in-200"; readonly isDone?: boolean }
  /** 307 to another host. */
  | { readonly kind: "redirect"; readonly to: string; readonly isDone?: boolean }
  /** Success status with truncated JSON. */
  | { readonly kind: "malformed"; readonly isDone?: boolean }
  /** Success status with an empty JSON object. */
  | { readonly kind: "empty"; readonly isDone?: boolean }
  /** The request reaches the venue twice; the response is the second one. */
  | { readonly kind: "duplicate"; readonly isDone?: boolean }
  /** Success status with an order that the venue rejected. Kit's venue only. */
  | { readonly kind: "rejected-body"; readonly isDone?: boolean }
  /** Success status with another order: behind the kit's proxy, the response to the first order. */
  | { readonly kind: "other-order"; readonly isDone?: boolean }
  /** The usual answer, in which each value that is this number is `n/a`. */
  | { readonly kind: "garbled"; readonly number: string }
  /** The correct response, delayed. */
  | { readonly kind: "slow"; readonly ms: number };

/** With these faults the usual answer is sent: late, after a second request, or changed. */
const KEEP_ANSWER = ["slow", "duplicate", "garbled", "rejected-body", "other-order"] as const;

/** A fault in place of the usual answer. */
export type ResponseFault = Exclude<Fault, { kind: (typeof KEEP_ANSWER)[number] }>;

export function replacesAnswer(fault: Fault | undefined): fault is ResponseFault {
  return fault !== undefined && !KEEP_ANSWER.some((kind) => kind === fault.kind);
}

export class Faults {
  readonly #armed: { route: VenueRoute; fault: Fault; remaining: number }[] = [];

  arm(route: VenueRoute, fault: Fault, times: number): void {
    this.#armed.push({ route, fault, remaining: times });
  }

  /** Returns the fault for this request and uses it up; undefined if no fault is armed. */
  take(route: VenueRoute): Fault | undefined {
    const entry = this.#armed.find((armed) => armed.route === route && armed.remaining > 0);
    if (entry !== undefined) entry.remaining -= 1;
    return entry?.fault;
  }

  clear(): void {
    this.#armed.length = 0;
  }
}
