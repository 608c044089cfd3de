/** What leaves an adapter's thread is plain, whatever the adapter has made of the values and functions of its realm. */
import { describe, expect, it } from "vitest";
import { memoryOfBytes, plainMessage } from "../../sandbox/plain-message.ts";
import { payloadSize } from "../../src/protocol/payload-size.ts";

/** An object of a class that Node copies by methods, with a prototype that notes what it is asked for. */
function copiedObject(asked: string[]): object {
  const object = new Blob(["x"]);
  const note = (_target: object, name: PropertyKey): undefined => void asked.push(String(name));
  return Object.setPrototypeOf(object, new Proxy(Blob.prototype, { get: note })) as object;
}

describe("a message of an adapter", () => {
  it("is the same plain data", () => {
    const message = { a: "x", b: [1, -0, null, { c: true }], d: undefined, __proto__: null };
    expect(plainMessage(message)).toEqual({ a: "x", b: [1, -0, null, { c: true }], d: undefined });
  });

  it("asks no object that Node copies for its methods, so that no internal class is made of it in another thread", () => {
    const asked: string[] = [];
    structuredClone(plainMessage({ message: copiedObject(asked), list: [copiedObject(asked)] }));
    expect(asked).toEqual([]);
    // Without the copy Node asks.
    structuredClone({ message: copiedObject(asked) });
    expect(asked).toContain("Symbol(messaging_clone_symbol)");
  });

  it("reads each member once, and keeps a member with the name of a setter", () => {
    let reads = 0;
    const message = {
      get text(): string | (() => void) {
        return (reads += 1) === 1 ? "x" : () => undefined;
      },
    };
    expect(plainMessage(message)).toEqual({ text: "x" });
    const named = plainMessage(JSON.parse('{"__proto__":{"x":1}}') as object);
    expect(Object.keys(named)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(named)).toBe(Object.prototype);
  });

  it.each([
    ["a function", () => undefined],
    ["a symbol", Symbol("x")],
    ["a big integer", 1n],
  ])("is refused with %s in it", (_name, value) =>
    expect(() => plainMessage([value])).toThrow("a message cannot hold a"),
  );

  it("is cut short by a value that the host refuses if it has too many values, also if they are holes", () => {
    const holes: unknown[] = [];
    holes.length = 4_294_967_295;
    expect(plainMessage({ holes })).toEqual({ holes: 0n });
    const bars = Array.from({ length: 100_000 }, () => ({ t: 1, o: 1, h: 1, l: 1, c: 1, v: 1, complete: true }));
    expect(plainMessage(bars)).toEqual(bars);
    let lists: unknown = 1;
    for (let i = 0; i < 31; i++) lists = [lists, lists];
    expect(payloadSize(plainMessage(lists), 8 * 1024 * 1024)).toBeUndefined();
  });

  it("hands real bytes over, and no object that says it is bytes", () => {
    const bytes = new Uint8Array([1, 2]);
    Object.defineProperty(bytes, "buffer", { value: "another" });
    expect(plainMessage(bytes)).toBe(bytes);
    expect(memoryOfBytes(bytes)?.byteLength).toBe(2);
    expect(memoryOfBytes(Object.create(Uint8Array.prototype))).toBeUndefined();
  });
});
