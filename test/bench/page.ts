/** What the reads of a page hold the host's loop, with 10,000 orders and 20,000 fills, compared with the limit. */
import type { DeskEvent } from "../../src/domain/event.ts";
import { applyEvent } from "../../src/domain/desk-state.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { type Row, SHORT, longestStall, quantile } from "./measure.ts";
import { orderEventsOf } from "./orders-scenario.ts";

const ORDERS = SHORT ? 1_000 : 10_000;
/** Records of one order in the scenario. */
const RECORDS_PER_ORDER = 8;
const ROUNDS = SHORT ? 10 : 60;
/** No read of a page holds the loop for longer, ms. */
const LIMIT_MS = 15;

function readsOf(middle: string): readonly (readonly [command: string, input: Record<string, unknown>])[] {
  return [
    ["status", {}],
    ["orders rows", { limit: 500 }],
    ["orders rows", { limit: 500, after: middle }],
    ["fills list", { limit: 500 }],
    ["orders show", { id: middle }],
    ["positions list", {}],
    ["decisions", {}],
    ["inbox list", {}],
    ["issues list", {}],
    ["connectors list", {}],
    ["equity points", { points: 800 }],
    ["journal verify", {}],
  ];
}

export async function pageReads(): Promise<readonly Row[]> {
  const desk = await tempDesk();
  fill(desk);
  const ids = [...desk.open.desk.state.orders.keys()];
  const rows: Row[] = [];
  for (const [command, input] of readsOf(ids[Math.floor(ids.length / 2)] ?? "")) {
    const stalls: number[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round++)
      stalls.push(
        await longestStall(async () => {
          await pause();
          bytes = JSON.stringify({ value: await desk.call(command, input) }).length;
          await pause();
        }),
      );
    const [least, middle, worst] = [Math.min(...stalls), quantile(stalls, 0.5), quantile(stalls, 0.95)];
    const name = "after" in input ? `${command}, the middle` : command;
    rows.push({
      n: 14,
      name,
      what: `page: ${name} of ${ORDERS} orders, ${(bytes / 1e3).toFixed(0)} kB; longest hold of the loop, p50`,
      floor: "the limit",
      ours: `${middle.toFixed(1)} ms (least ${least.toFixed(1)}, p95 ${worst.toFixed(1)})`,
      base: `${LIMIT_MS} ms`,
      ratio: middle / LIMIT_MS,
      spread: 1,
      target: "<= 1",
    });
  }
  await desk.stop();
  await discard(desk);
  return rows;
}

/** The monitor measures between two turns of the loop. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 4));
}

/** Folds the orders into the state of the running desk: its reads are measured, and not its journal. */
function fill({ open }: TempDesk): void {
  const { state } = open.desk;
  const { epoch } = state;
  for (const event of orderEventsOf(ORDERS * RECORDS_PER_ORDER + 2)) {
    if (event.type === "desk.created" || event.type === "desk.started") continue;
    applyEvent(state, { seq: state.seq + 1, at: open.desk.clock.now(), epoch, event: event as DeskEvent });
  }
}
