/** No open order is lost between two pages, whatever their times are. */
import { expect, it } from "vitest";
import { ORDERS_PAGE, allOpenOrders } from "../../../connectors/alpaca/open-orders.ts";
import type { VenueOrder } from "../../../connectors/alpaca/wire.ts";

function orders(times: readonly string[]): readonly VenueOrder[] {
  return times.map((submitted_at, place) => ({ id: `o-${place}`, submitted_at })) as unknown as VenueOrder[];
}

/** A venue that gives the orders after a time, exclusive, as Alpaca's document says. */
function venue(all: readonly VenueOrder[]) {
  const asked: string[] = [];
  const read = (path: string): Promise<readonly VenueOrder[]> => {
    asked.push(path);
    const after = new URL(path, "http://venue").searchParams.get("after") ?? "";
    const later = all.filter(({ submitted_at }) => after === "" || submitted_at > after);
    return Promise.resolve(later.slice(0, ORDERS_PAGE));
  };
  return { asked, read };
}

it.each([
  ["one time at the edge of a page", (place: number) => `2026-05-04T14:00:0${place < 480 ? 0 : 1}.123456Z`],
  ["a time of its own each", (place: number) => new Date(1_780_000_000_000 + place).toISOString()],
])("a list of 900 orders with %s is read once and whole", async (_name, timeOf) => {
  const all = orders(Array.from({ length: 900 }, (_each, place) => timeOf(place)));
  const { asked, read } = venue(all);
  expect(await allOpenOrders(read)).toEqual(all);
  expect(asked).toHaveLength(2);
});

it("an empty list is one request", async () => {
  const { asked, read } = venue([]);
  expect(await allOpenOrders(read)).toEqual([]);
  expect(asked).toHaveLength(1);
});

it("more orders of one time than a page holds are an error, not a shorter list", async () => {
  const { read } = venue(orders(Array.from({ length: 501 }, () => "2026-05-04T14:00:00.5Z")));
  await expect(allOpenOrders(read)).rejects.toThrow(
    "Alpaca has more than 500 open orders of 2026-05-04T14:00:00.5Z: the list has a gap",
  );
});
