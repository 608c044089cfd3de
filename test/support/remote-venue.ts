/** A venue with a book of its own, for the adapter `remote-venue`: what happened there, whatever a desk says. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fill, Order, OrderReport } from "../../src/domain/sdk.ts";

export type BookedOrder = OrderReport &
  Pick<Order, "clientOrderId" | "symbol" | "side" | "quantity"> & { filled: number };

export interface RemoteVenue {
  readonly url: string;
  /** Every request to place an order, in order. */
  readonly placed: readonly Order[];
  readonly fills: readonly Fill[];
  order(symbol: string): BookedOrder | undefined;
  fill(symbol: string, quantity: number): void;
  close(): Promise<void>;
}

export async function remoteVenue(): Promise<RemoteVenue> {
  const placed: Order[] = [];
  const book: BookedOrder[] = [];
  const fills: Fill[] = [];
  const answers: Record<string, (body: never) => unknown> = {
    place: (order: Order) => {
      const { clientOrderId, symbol, side, quantity } = order;
      const venueOrderId = `V${placed.push(order)}`;
      book.push({ venueOrderId, clientOrderId, symbol, side, quantity, status: "open", filled: 0, filledQuantity: 0 });
      return { venueOrderId, status: "acknowledged" };
    },
    cancel: ({ venueOrderId }: { venueOrderId: string }) => {
      const order = book.find((booked) => booked.venueOrderId === venueOrderId);
      if (order?.status === "open" || order?.status === "partially_filled") order.status = "cancelled";
      return {};
    },
    orders: () => book,
    fills: () => fills,
    positions: () =>
      book.filter(({ filled }) => filled > 0).map(({ symbol, filled }) => ({ symbol, quantity: filled })),
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.once("end", () => {
      const answer = answers[String(request.url).slice(1)]?.(JSON.parse(Buffer.concat(parts).toString()) as never);
      response.end(JSON.stringify(answer));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const order = (symbol: string) => book.find((booked) => booked.symbol === symbol);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    placed,
    fills,
    order,
    fill: (symbol, quantity) => {
      const booked = order(symbol);
      if (booked === undefined) return;
      booked.filled += quantity;
      Object.assign(booked, { filledQuantity: booked.filled, averagePrice: 100 });
      booked.status = booked.filled >= booked.quantity ? "filled" : "partially_filled";
      const { venueOrderId, clientOrderId, side } = booked;
      const of = { fillId: `F${fills.length + 1}`, venueOrderId, clientOrderId, symbol, side };
      fills.push({ ...of, quantity, price: 100, timestamp: Date.now() });
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
