import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SerialQueue } from "../../src/lib/serial-queue.ts";

const anyTask = fc.record({ steps: fc.integer({ min: 0, max: 4 }), fails: fc.boolean() });

describe("a serial queue", () => {
  it("runs one task at a time in order, and each promise settles as its own task does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTask, { maxLength: 12 }), async (tasks) => {
        const queue = new SerialQueue();
        const started: number[] = [];
        let running = 0;
        const results = tasks.map(({ steps, fails }, index) =>
          queue.run(async () => {
            started.push(index);
            running += 1;
            expect(running).toBe(1);
            for (let step = 0; step < steps; step++) await Promise.resolve();
            running -= 1;
            if (fails) throw new Error(String(index));
            return index;
          }),
        );
        expect(queue.isBusy).toBe(tasks.length > 0);
        const settled = await Promise.allSettled(results);
        expect(started).toEqual(tasks.map((_, index) => index));
        expect(settled).toEqual(
          tasks.map(({ fails }, index) =>
            fails ? { status: "rejected", reason: new Error(String(index)) } : { status: "fulfilled", value: index },
          ),
        );
        await queue.idle();
        expect(queue.isBusy).toBe(false);
      }),
    );
  });

  it("is idle only after every task that was added before, failed tasks included", async () => {
    const queue = new SerialQueue();
    const finished: string[] = [];
    const failing = queue.run(() => Promise.reject(new Error("failed")));
    failing.catch(() => finished.push("failed"));
    void queue.run(async () => {
      await new Promise(setImmediate);
      finished.push("slow");
    });
    await queue.idle();
    expect(finished).toEqual(["failed", "slow"]);
  });

  it("rejects if the task throws before it returns a promise, and goes on", async () => {
    const queue = new SerialQueue();
    const thrown = queue.run((): Promise<void> => {
      throw new Error("thrown");
    });
    await expect(thrown).rejects.toThrow("thrown");
    await expect(queue.run(() => Promise.resolve(1))).resolves.toBe(1);
  });
});
