/** What the venue received for an order: how often it was sent, and under which ids. */
import type { Order } from "../domain/sdk.ts";
import { fail } from "./assert.ts";
import type { VenueRequest } from "./venue/fake-venue-http.ts";
import type { ConformanceHarness } from "./harness.ts";

/** Two requests of one kind have the same method, path and names of parameters. A look-up differs from an order. */
function kindOf({ method, path, body }: VenueRequest): string {
  const { pathname, searchParams } = new URL(path, "http://venue.invalid");
  const form = typeof body === "string" ? [...new URLSearchParams(body).keys()] : [];
  const json = typeof body === "object" && body !== null ? Object.keys(body) : [];
  return [method, pathname, ...[...searchParams.keys(), ...form, ...json].toSorted()].join(" ");
}

/** Returns the requests that sent the order, or the same order under another id. */
export function orderRequests({ venue }: ConformanceHarness): readonly VenueRequest[] {
  const first = venue.requests.find(({ route }) => route === "place");
  return first === undefined ? [] : venue.requests.filter((request) => kindOf(request) === kindOf(first));
}

/** Fails the case if no request carried the order's id: then no fault could concern it. */
export function assertOrderWasSent(harness: ConformanceHarness, { clientOrderId }: Order): void {
  if (orderRequests(harness).length > 0) return;
  const { length } = harness.venue.requests;
  fail(
    `placeOrder sent no request with the client order id ${clientOrderId} in its address, headers or body ` +
      `(${length} other requests): send order.clientOrderId unchanged, to the address in ctx.options`,
  );
}

/** Fails the case if the order was sent again under another id, after `before` requests of other orders. */
export function assertOneId(
  harness: ConformanceHarness,
  { clientOrderId }: Order,
  { condition, before }: { readonly condition: string; readonly before: number },
): void {
  // The kit's own venue lists its orders, which is the better proof.
  if (harness.level === "kit") return;
  const other = orderRequests(harness)
    .slice(before)
    .find(({ carries }) => carries !== clientOrderId);
  if (other !== undefined)
    fail(
      `${condition}, and the order was sent again under another client order id (${other.method} ${other.path}); ` +
        `never change the id`,
    );
}
