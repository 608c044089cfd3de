import { describe, expect, it } from "vitest";
import { Slots } from "../../src/lib/slots.ts";

const NEVER = new AbortController().signal;

describe("slots", () => {
  it("are given in the order of the requests, each once", async () => {
    const slots = new Slots(2);
    const order: number[] = [];
    const take = async (n: number): Promise<() => void> => {
      const release = await slots.take(NEVER);
      order.push(n);
      return release;
    };
    const [first, second] = await Promise.all([take(1), take(2)]);
    const [third, fourth] = [take(3), take(4)];
    await Promise.resolve();
    expect(order).toEqual([1, 2]);
    second();
    second();
    (await third)();
    await fourth;
    expect(order).toEqual([1, 2, 3, 4]);
    first();
    await take(5);
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it("that are added go to those that wait, in their order", async () => {
    const slots = new Slots(0);
    const order: number[] = [];
    const [first, second] = [1, 2].map((n) => slots.take(NEVER).then(() => order.push(n)));
    slots.add(1);
    await first;
    expect(order).toEqual([1]);
    slots.add(2);
    await second;
    await slots.take(NEVER);
    expect(order).toEqual([1, 2]);
  });

  it("are not lost to a request that ends before its turn", async () => {
    const slots = new Slots(1);
    const release = await slots.take(NEVER);
    const ended = new AbortController();
    const refused = slots.take(ended.signal);
    const next = slots.take(NEVER);
    ended.abort(new Error("superseded"));
    await expect(refused).rejects.toThrow("superseded");
    release();
    (await next)();
    await expect(slots.take(ended.signal)).rejects.toThrow("superseded");
    await slots.take(NEVER);
  });
});
