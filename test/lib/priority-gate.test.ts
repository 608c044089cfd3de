import { describe, expect, it } from "vitest";
import { PriorityGate } from "../../src/lib/priority-gate.ts";
import { fakeClock } from "../support/fake-clock.ts";

const HOLD_MS = 1_000;
const NEVER = new AbortController().signal;

function openGate() {
  const clock = fakeClock();
  const gate = new PriorityGate(clock, HOLD_MS);
  const started: number[] = [];
  const behind = (n: number, signal = NEVER): Promise<void> =>
    gate.behind(signal, () => Promise.resolve(void started.push(n)));
  const first = (): { readonly end: () => void; readonly ended: Promise<void> } => {
    let end: () => void = () => undefined;
    const ended = gate.first(() => new Promise<void>((resolve) => (end = resolve)));
    return { end, ended };
  };
  return { clock, started, behind, first };
}

describe("a gate with priority", () => {
  it("lets others start while no task goes first, and in their order after the last of those", async () => {
    const { started, behind, first } = openGate();
    await behind(0);
    const [a, b] = [first(), first()];
    const others = [behind(1), behind(2)];
    a.end();
    await a.ended;
    expect(started).toEqual([0]);
    b.end();
    await b.ended;
    await Promise.all(others);
    expect(started).toEqual([0, 1, 2]);
  });

  it("lets others start again if a task goes first before they did", async () => {
    const { started, behind, first } = openGate();
    const a = first();
    const other = behind(1);
    a.end();
    const b = first();
    await a.ended;
    expect(started).toEqual([]);
    b.end();
    await other;
    expect(started).toEqual([1]);
  });

  it("lets a task that fails, or takes long, hold others back no longer", async () => {
    const { clock, started, behind, first } = openGate();
    const long = first();
    const other = behind(1);
    clock.advance(HOLD_MS - 1);
    expect(started).toEqual([]);
    clock.advance(1);
    await other;
    long.end();
    await long.ended;
    const gate = new PriorityGate(clock, HOLD_MS);
    await expect(gate.first(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    await gate.behind(NEVER, () => Promise.resolve());
    expect(clock.waiting).toBe(0);
  });

  it("lets others start after that time, also if tasks that go first follow each other without end", async () => {
    const { clock, started, behind, first } = openGate();
    let task = first();
    const other = behind(1);
    for (let at = 0; at < HOLD_MS; at += 100) {
      const next = first();
      task.end();
      await task.ended;
      expect(started).toEqual([]);
      task = next;
      clock.advance(100);
    }
    await other;
    expect(started).toEqual([1]);
    task.end();
    await task.ended;
  });

  it("does not run a task whose signal has aborted", async () => {
    const { started, behind, first } = openGate();
    const ended = new AbortController();
    const a = first();
    const other = behind(1, ended.signal);
    ended.abort(new Error("gone"));
    await expect(other).rejects.toThrow("gone");
    a.end();
    await a.ended;
    await expect(behind(2, ended.signal)).rejects.toThrow("gone");
    expect(started).toEqual([]);
  });
});
