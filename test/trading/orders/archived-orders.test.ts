/** Lists of orders and fills that have left memory: the same pages as of a desk that keeps everything in memory. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import type { OrderState } from "../../../src/domain/orders/order-state.ts";
import type { RowPage } from "../../../src/domain/pages/row-page.ts";
import { decisionLog } from "../../../src/trading/projections/decision-log.ts";
import type { Desk } from "../../../src/trading/desk.ts";
import { fillRows } from "../../../src/trading/fills/fill-rows.ts";
import { matchOrder } from "../../../src/trading/orders/find-order.ts";
import { newestOrders } from "../../../src/trading/orders/newest-orders.ts";
import { orderRows } from "../../../src/trading/orders/order-rows.ts";
import { openCheckpointed } from "../../support/checkpoint-harness.ts";
import { crashDisk } from "../../support/crash-disk.ts";
import { scenario } from "../../support/journal-scenario.ts";
import { NO_ARCHIVE } from "../../support/no-archive.ts";

type ListedDesk = Pick<Desk, "state" | "archive">;
const HOUR = 3_600_000;

let archived: ListedDesk;
let whole: ListedDesk;

/** 120 orders in five layers. Each eighth is filled long after it was proposed, and each tenth is rejected. */
beforeAll(async () => {
  const told = scenario().desk().connector("paper").account("paper");
  for (let n = 0; n < 120; n++) {
    if (n % 10 === 3) told.proposed(`o${n}`).rejected(`o${n}`, "human");
    else if (n % 8 === 0) told.working(`o${n}`);
    else told.filled(`o${n}`);
    if (n % 8 === 7 && n >= 56) told.fill(`o${n - 55}`);
    // Of o1, o2 and o5 the archive has two versions.
    if (n === 60) told.fill("o1").fill("o2").fill("o5");
    if (n % 3 === 2) told.wait(33 * HOUR);
  }
  // Three orders each are decided at one time.
  const records = told.records().map((recorded) => ({ ...recorded, at: Math.floor(recorded.at / HOUR) * HOUR }));
  const desk = await openCheckpointed(crashDisk(), { fillsKept: 5 });
  for (const [index, recorded] of records.entries()) {
    desk.append(recorded);
    if (index % 130 === 129) await desk.checkpoints.write();
  }
  expect(desk.archive.layers.length).toBeGreaterThan(3);
  archived = desk;
  whole = { state: foldDeskState(records), archive: NO_ARCHIVE };
});

async function allPages<C extends string | number>(
  read: (after: C | undefined) => Promise<RowPage<C>>,
): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  let after: C | undefined;
  do {
    const page = await read(after);
    rows.push(...page.rows, page.total);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return rows;
}

describe("a desk whose ended orders have left memory", () => {
  it("has few of them in memory", () => {
    expect(archived.state.orders.size).toBeLessThan(60);
    expect([archived.state.orders.total, archived.state.fills.total]).toEqual([120, whole.state.fills.size]);
  });

  it.each<[string, OrderState | undefined]>([
    ["all orders", undefined],
    ["filled orders", "filled"],
    ["rejected orders", "rejected"],
    ["denied orders", "denied"],
  ])("lists %s in the same pages", async (_name, state) => {
    const pages = (desk: ListedDesk) =>
      allPages<never>((after) => orderRows(desk, { state, after, limit: 7 }) as never);
    expect(await pages(archived)).toEqual(await pages(whole));
  });

  it("lists its fills in the same pages", async () => {
    const pages = (desk: ListedDesk) => allPages<number>((after) => fillRows(desk, { after, limit: 9 }));
    expect(await pages(archived)).toEqual(await pages(whole));
  });

  it("lists the same newest orders and decisions, whatever the limit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 130 }), async (limit) => {
        const ids = async (desk: ListedDesk) => (await newestOrders(desk, { limit })).map(({ id }) => id);
        expect(await ids(archived)).toEqual(await ids(whole));
        const decisions = (desk: ListedDesk) => decisionLog(desk, { limit, isInScope: () => true });
        expect(await decisions(archived)).toEqual(await decisions(whole));
      }),
      { numRuns: 15 },
    );
  });

  it("finds an order by its id and by a unique part of it, and names the first of several", () => {
    const desk = { ...archived, proposals: { problems: new Map() } as unknown as Desk["proposals"] };
    expect(matchOrder(desk, "o1").id).toBe("o1");
    expect(matchOrder(desk, "O17").id).toBe("o17");
    expect(matchOrder(desk, "43").id).toBe("o43");
    const refused = (code: string, message: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(message) });
    expect(() => matchOrder(desk, "o")).toThrow(refused("ID_AMBIGUOUS", /^o matches more than 5: (o\d+, ){4}o\d+$/));
    expect(() => matchOrder(desk, "19")).toThrow(refused("ID_AMBIGUOUS", /^19 matches 2: (o19, o119|o119, o19)$/));
    expect(() => matchOrder(desk, "zzzzzz")).toThrow(refused("ORDER_NOT_FOUND", /zzzzzz$/));
    expect(() => matchOrder(desk, "ox17")).toThrow(refused("ORDER_NOT_FOUND", /did you mean o17/));
    expect(archived.state.stems.get("o17")).toBe("o17");
  });
});
