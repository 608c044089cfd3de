/** Row 10: the wait of a command while another connector sends fills without a pause. */
import { setTimeout as sleep } from "node:timers/promises";
import type { OrderId } from "../../src/domain/ids.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { type Row, SHORT, quantile, ratioOf } from "./measure.ts";

const FILLS = SHORT ? 10_000 : 95_000;
const CALLS = SHORT ? 300 : 1_000;

async function working(desk: TempDesk, connector: string, quantity: number): Promise<string> {
  const terms = { connector, side: "buy", symbol: "AAA", quantity: String(quantity), type: "limit", limitPrice: "100" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...terms,
    rationale: "x",
  });
  await desk.call("approve", { id, digest });
  return id;
}

/** Calls a command again and again, with pauses. Returns the wait of each call, ms. */
async function waits(desk: TempDesk, id: string, goesOn: (calls: number) => boolean): Promise<number[]> {
  const times: number[] = [];
  while (goesOn(times.length)) {
    const started = performance.now();
    await desk.call("orders show", { id });
    times.push(performance.now() - started);
    await sleep(2);
  }
  return times;
}

export async function commandsBesideFills(): Promise<Row> {
  const connector = (name: string): string =>
    `\n[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\n`;
  const desk = await tempDesk({
    files: { "flood.ts": adapterFixture("flooding-venue"), "calm.ts": adapterFixture("flooding-venue") },
    config: (template) => `${template.split("\n# Guards are")[0]}${connector("flood")}${connector("calm")}`,
  });
  const calm = await working(desk, "calm", 10);
  const flooded = await working(desk, "flood", FILLS);
  await waits(desk, calm, (calls) => calls < 100);
  const alone = await waits(desk, calm, (calls) => calls < CALLS);
  await desk.open.fleet.venues.quote("flood", `FLOOD:own:${FILLS}`);
  const started = performance.now();
  const order = desk.open.desk.state.orders.get(flooded as OrderId);
  const beside = await waits(desk, calm, () => order?.state !== "filled");
  const rate = FILLS / ((performance.now() - started) / 1000);
  await desk.stop();
  await discard(desk);
  const [ours, base] = [quantile(beside, 0.99), quantile(alone, 0.99)];
  return {
    n: 10,
    name: "fills",
    what: `a command's wait during ${(rate / 1000).toFixed(0)} k fills/s, p99; longest ${Math.max(...beside).toFixed(0)} ms`,
    floor: "the same with none flooding",
    ours: `${ours.toFixed(1)} ms`,
    base: `${base.toFixed(1)} ms`,
    ...ratioOf(beside, alone, (times) => quantile(times, 0.99)),
    target: "<= 3, <= 50 ms",
  };
}
