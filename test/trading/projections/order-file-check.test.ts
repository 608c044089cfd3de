/** Files of orders that git, or a person, took away or brought back: the desk says it and writes them again. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { OrderId } from "../../../src/domain/ids.ts";
import {
  orderFileChecks,
  orderFileRepair,
  wrongOrderFiles,
} from "../../../src/trading/projections/order-file-check.ts";
import { type Projector, openProjector } from "../../../src/trading/projections/projector.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { openWorkspace } from "../../../src/workspace/workspace.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { scenario } from "../../support/journal-scenario.ts";

const WORKING = "orders/approved/w.toml";
const FILLED = "orders/executed/f.toml";

let root: string;
let now: number;
let isReadOnly: boolean;
let warnings: string[];
let projector: Projector;
let desk: Parameters<typeof orderFileRepair>[0];
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "qoc-order-files-"));
  [isReadOnly, warnings] = [false, []];
  const steps = scenario().desk().account("paper").proposed("p").working("w").filled("f", { symbol: "TSLA" });
  now = steps.now + 60_000;
  const clock = { ...fakeClock(), now: () => now, monotonic: () => now };
  const workspace = openWorkspace({ disk: nodeDisk(), root, clock, secretFiles: () => [] });
  const log = { warn: (text: string) => void warnings.push(text), error: (text: string) => expect.unreachable(text) };
  const readOnly = () => (isReadOnly ? "the journal lacks records" : undefined);
  desk = { clock, state: steps.state(), workspace, log: log as never, readOnly };
  projector = openProjector({ ...desk, history: { request: () => undefined } as never });
  for (const id of ["w", "f"]) projector.restore(id as OrderId);
  await projector.settled();
});
afterEach(() => rmSync(root, { recursive: true }));

function at(path: string): string {
  return join(root, path);
}
async function repaired(round: () => Promise<void>): Promise<readonly string[]> {
  await round();
  await projector.settled();
  return warnings.splice(0);
}

it("files that are as the journal says are no finding, and neither is a file on its way", async () => {
  expect(await wrongOrderFiles(desk)).toEqual([]);
  expect(await repaired(orderFileRepair(desk, projector))).toEqual([]);
  rmSync(at(FILLED));
  now -= 57_000;
  expect(await wrongOrderFiles(desk)).toEqual([]);
});

it.each([
  ["of an order in flight that was taken away", WORKING, () => rmSync(at(WORKING)), "is missing"],
  ["of an ended order that was taken away", FILLED, () => rmSync(at(FILLED)), "is missing"],
  ["that is of an older state", WORKING, () => writeFileSync(at(WORKING), "# order w: approved\n"), "is not what"],
] as const)("a file %s is said by doctor and written again at the start", async (_name, path, change, problem) => {
  const before = readFileSync(at(path), "utf8");
  change();
  expect(await orderFileChecks(desk)).toMatchObject([
    { status: "warn", message: expect.stringContaining(`${path} ${problem}`) as string, fix: "qoc journal rebuild" },
  ]);
  isReadOnly = true;
  expect(await repaired(orderFileRepair(desk, projector))).toEqual([]);
  isReadOnly = false;
  const [warning, ...more] = await repaired(orderFileRepair(desk, projector));
  expect([warning, more]).toEqual([expect.stringContaining(`${path} ${problem}`), []]);
  expect(readFileSync(at(path), "utf8")).toBe(before);
  expect(await orderFileChecks(desk)).toEqual([]);
});

it("while the desk is up, files of orders/approved are written again, and those of ended orders removed from there", async () => {
  const round = orderFileRepair(desk, projector);
  expect(await repaired(round)).toEqual([]);
  rmSync(dirname(at(WORKING)), { recursive: true });
  mkdirSync(dirname(at(WORKING)));
  renameSync(at(FILLED), at("orders/approved/f.toml"));
  expect(await repaired(round)).toEqual([
    "orders/approved/f.toml belongs to another folder; the file of f is written again",
    "orders/approved/w.toml is missing; the file of w is written again",
  ]);
  expect(["orders/approved/f.toml", FILLED, WORKING].map((path) => existsSync(at(path)))).toEqual([false, true, true]);
});

it("while the desk is up, the files of ended orders are written again within an hour", async () => {
  const round = orderFileRepair(desk, projector);
  await repaired(round);
  rmSync(at(FILLED));
  expect(await repaired(round)).toEqual([]);
  now += 3_600_000;
  expect(await repaired(round)).toEqual([`${FILLED} is missing; the file of f is written again`]);
  expect(existsSync(at(FILLED))).toBe(true);
  rmSync(at(FILLED));
  expect(await repaired(round)).toEqual([]);
});

it("the first round corrects the alerts, and no other does", async () => {
  let count = 0;
  const round = orderFileRepair(desk, { ...projector, settleAlerts: () => void (count += 1) });
  await repaired(round);
  await repaired(round);
  expect(count).toBe(1);
});

it("while the desk is up, a decided proposal that is back goes to the folder of its decision", async () => {
  const round = orderFileRepair(desk, projector);
  await repaired(round);
  const pending = at("orders/pending/f.toml");
  mkdirSync(dirname(pending), { recursive: true });
  writeFileSync(pending, "");
  // Beside the file of the decision it is a second use of the name, which status and orders list.
  expect(await repaired(round)).toEqual([]);
  rmSync(at(FILLED));
  writeFileSync(pending, "another proposal\n");
  expect(await repaired(round)).toEqual([]);
  writeFileSync(pending, "");
  expect(await repaired(round)).toEqual([
    "orders/pending/f.toml belongs to another folder; the file of f is written again",
  ]);
  expect([existsSync(pending), existsSync(at(FILLED))]).toEqual([false, true]);
});

it("doctor names five wrong files and counts the others", async () => {
  const steps = scenario().desk().account("paper");
  for (const id of ["a", "b", "c", "d", "e", "g", "h"]) steps.working(id);
  const checks = await orderFileChecks({ ...desk, state: steps.state() });
  expect(checks.map(({ message }) => message).slice(3)).toEqual([
    "orders/approved/d.toml is missing",
    "orders/approved/e.toml is missing, and 2 more",
  ]);
});
