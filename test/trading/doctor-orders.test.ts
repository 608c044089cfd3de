/** What doctor says of orders that need a look, and of a disk that takes no more. */
import { expect, it } from "vitest";
import type { DeskState } from "../../src/domain/desk-state.ts";
import { diskCheck, pendingChecks } from "../../src/trading/doctor.ts";

const NOW = 1_800_000_000_000;

function checksOf(order: { state: string; cancelRequested?: { at: number } }) {
  const inFlight = new Map([["20260101-001", { id: "20260101-001", flags: new Map(), ...order }]]);
  const state = { proposed: new Map(), inFlight, cancels: new Map() } as unknown as DeskState;
  return pendingChecks({ clock: { now: () => NOW } as never, state });
}

it.each([
  ["a cancel that its venue took long ago", { state: "accepted", cancelRequested: { at: NOW - 65_000 } }, 1],
  ["a cancel of a moment ago", { state: "accepted", cancelRequested: { at: NOW - 9_000 } }, 0],
  ["no cancel", { state: "accepted" }, 0],
])("names an order with %s", (_, order, count) => {
  const checks = checksOf(order);
  expect(checks).toHaveLength(count);
  if (count > 0)
    expect(checks[0]).toMatchObject({
      name: "cancel",
      status: "warn",
      message: "20260101-001: a cancel was requested 65 s ago, and the venue says accepted",
      fix: expect.stringContaining("qoc cancel 20260101-001") as string,
    });
});

it("of a disk that takes few more files, or has little space, fails", async () => {
  const checkOf = (bytes: number, files: number | undefined) =>
    diskCheck({ workspace: { freeSpace: () => Promise.resolve({ bytes, files }) } } as never);
  expect(await checkOf(100_000_000, undefined)).toMatchObject({ status: "ok", message: "100 MB free" });
  expect(await checkOf(1e9, 1_000)).toMatchObject({ status: "ok" });
  expect(await checkOf(99_999_999, undefined)).toMatchObject({
    status: "fail",
    message: expect.stringContaining("99 MB"),
  });
  expect(await checkOf(1e9, 999)).toMatchObject({ status: "fail", message: expect.stringContaining("999 more files") });
});
