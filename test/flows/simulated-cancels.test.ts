/**
 * Sessions of random proposals, cancels, replacements, fills and restarts, each from a seed: whatever the order of
 * events, each intent is sent once, no cancel is sent without an approval, and the record says what the venue has.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { isTerminal } from "../../src/domain/orders/order-state.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const ACTIONS = 18;
const ENDS = ["now", "fill", "part:3", "late:2"];
const HOWS = [...ENDS, "refuse", "pending"];
const LIMIT = { connector: "v", side: "buy", symbol: "AAA", quantity: "10", type: "limit", limitPrice: "99" };

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

const config = (template: string): string =>
  `${template.split("\n# Guards are")[0]?.replaceAll("enabled = true", "enabled = false")}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\nmode = "paper"\n`;

const venue = (words: string) => desk.open.fleet.venues.quote("v", words);
const orders = () => [...desk.open.desk.state.orders.values()];
/** An action may be refused; what matters is what was sent. */
const attempt = (command: string, input: Record<string, unknown>) =>
  desk.call<{ id: string; digest: string }>(command, input).catch(() => undefined);

async function propose(input: Record<string, unknown>, times: number): Promise<void> {
  const proposed = await attempt("orders propose", { rationale: "simulated", ...input });
  if (proposed === undefined) return;
  const { id, digest } = proposed;
  await Promise.all(Array.from({ length: times }, () => attempt("approve", { id, digest })));
}

async function act(next: (below: number) => number): Promise<void> {
  const open = orders().filter(({ state, terms }) => !isTerminal(state) && terms.cancels === undefined);
  const target = open[next(Math.max(1, open.length))];
  const times = 1 + next(2);
  switch (next(7)) {
    case 0:
    case 1:
      return propose(LIMIT, times);
    case 2:
      await venue(`SET:cancel:${HOWS[next(HOWS.length)]}`);
      return target && propose({ cancel: target.id }, times);
    case 3:
      // A replacement waits for the end of its order.
      await venue(`SET:cancel:${ENDS[next(ENDS.length)]}`);
      return target && propose({ replace: target.id, quantity: String(1 + next(12)) }, times);
    case 4:
      if (target?.venueOrderId !== undefined)
        await venue(`FILL:${target.venueOrderId}:${1 + next(4)}`).catch(() => undefined);
      return;
    case 5:
      return target && void (await attempt("cancel", { id: target.id }));
    default: {
      const states = orders().map(({ id, state }) => [id, state]);
      await desk.stop();
      desk = await tempDesk({ again: desk });
      for (const [id, state] of states)
        if (state !== "unknown" && state !== "accepted" && state !== "partially_filled")
          expect([id, desk.open.desk.state.orders.get(id as never)?.state]).toEqual([id, state]);
    }
  }
}

async function journal(): Promise<readonly { type: string; id?: string; proposal?: string; actor?: string }[]> {
  await desk.settled();
  const folder = join(desk.root, ".qoc/journal");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ndjson"));
  return files.flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
}

it.each([1, 2, 3])("seed %i: each intent is sent once, and the record is what the venue has", async (seed) => {
  const number = seededNumbers(seed);
  const next = (below: number): number => number() % below;
  desk = await tempDesk({ files: { "v.ts": adapterFixture("cancelling-venue") }, config });
  for (let action = 0; action < ACTIONS; action++) await act(next);
  const { bid: sentOrders, ask: sentCancels } = await venue("SENT");
  const events = await journal();
  const intents = events.filter(({ type }) => type === "order.submitting");
  const notSent = new Set(events.filter(({ type }) => type === "order.not_sent").map(({ id }) => id));
  expect(Number(sentOrders)).toBe(intents.filter(({ id }) => !notSent.has(id)).length);
  expect(new Set(intents.map(({ id }) => id)).size).toBe(intents.length);
  const requests = events.filter(({ type }) => type === "cancel.requested");
  expect(Number(sentCancels)).toBeLessThanOrEqual(requests.length);
  const approved = new Set(events.filter(({ type }) => type === "order.approved").map(({ id }) => id));
  const byProposal = requests.flatMap(({ proposal }) => (proposal === undefined ? [] : [proposal]));
  expect(new Set(byProposal).size).toBe(byProposal.length);
  for (const id of [...byProposal, ...intents.map(({ id: intent }) => intent)]) expect(approved).toContain(id);
  const filled = orders().reduce(
    (sum, order) => sum + Number(order.filled.toFixed()) * (order.terms.side === "buy" ? 1 : -1),
    0,
  );
  expect(Number(desk.open.desk.state.positions.get("v/AAA" as never)?.quantity.toFixed() ?? 0)).toBe(filled);
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  expect(intents.length).toBeGreaterThan(2);
});
