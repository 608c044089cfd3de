/** What an adapter can reach through globals and through classes that it shares with the runtime, at both levels. */
import { rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { afterEach, describe, expect, it } from "vitest";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";

/** Makes the runtime emit a warning and read members that its process object does not have. */
const PROVOKE = `
  const busy = new EventEmitter();
  for (let i = 0; i < 20; i++) busy.on("x", () => {});
  Buffer(1 as any);
  await new Promise((resolve) => setTimeout(resolve, 20));
`;
const REAL = `seen.some((one) => typeof one?.kill === "function" && typeof one?.pid === "number")`;

describe.each(["worker", "process"] as const)("an adapter in a %s", (isolation) => {
  const harnesses: AdapterHarness[] = [];
  afterEach(async () => {
    for (const harness of harnesses.splice(0)) {
      await harness.connector.stop();
      rmSync(harness.dir, { recursive: true, force: true });
    }
  });
  const run = async (body: string): Promise<unknown> => {
    const head = `import { EventEmitter } from "node:events"; import { Duplex, Readable } from "node:stream"; import { inherits } from "node:util";`;
    const harness = await adapterHarness(
      adapterSource(`async cancelOrder(): Promise<any> { const seen: any[] = []; ${body} }`, head),
      { isolation },
    );
    harnesses.push(harness);
    await harness.connector.start();
    const response = await harness.connector.invoke("cancelOrder", ["1"]);
    return response.ok ? response.value : response.message;
  };

  it("finds no built-in module as a global, and crypto is only the web API", async () => {
    const names = builtinModules.filter((name) => !["console", "process", "crypto"].includes(name));
    const isModule = `(name) => (${JSON.stringify(names)}.includes(name) || name.startsWith("node:")) && globalThis[name] !== undefined`;
    const result = await run(
      `return { names: Object.getOwnPropertyNames(globalThis).filter(${isModule}), crypto: Object.keys(crypto) };`,
    );
    expect(result).toEqual({ names: [], crypto: [] });
  });

  it("gets no object of an internal class of the runtime by a copy, and no port of messages", async () => {
    const result = await run(`
      const symbolsOf = (o: any): symbol[] => o === null ? [] : [...Object.getOwnPropertySymbols(o), ...symbolsOf(Object.getPrototypeOf(o))];
      const makes: (() => any)[] = [() => new Blob([]), () => new File([], "x"), () => new ReadableStream(), () => new WritableStream(), () => new TransformStream(), () => new AbortController().signal, () => new DOMException("x")];
      const copying = makes.flatMap((make) => symbolsOf(make())).filter((symbol) => String(symbol).includes("messaging_"));
      const asked: any = Object.setPrototypeOf(new Blob([]), new Proxy(Blob.prototype, { get: (_t, name) => void seen.push(String(name)) }));
      for (const copy of [(value: any) => structuredClone(value), (detail: any) => performance.mark("x", { detail })]) try { copy(asked); } catch {}
      return [copying.map(String), seen.filter((name) => name.includes("messaging_")), typeof PerformanceMark];
    `);
    expect(result).toEqual([[], [], "undefined"]);
  });

  it("copies plain data with structuredClone, and clones requests and responses", async () => {
    const result = await run(`
      const { map, at, list } = structuredClone({ map: new Map([["a", 1n]]), at: new Date(5), list: [new Uint8Array([1])] });
      const response = await new Response("x").clone().text();
      const request = await new Request("http://127.0.0.1/", { method: "POST", body: "y" }).clone().text();
      return [String(map.get("a")), at.getTime(), list[0].length, response, request, typeof performance.now()];
    `);
    expect(result).toEqual(["1", 5, 1, "x", "y", "number"]);
  });

  it.each([
    [
      "assigning a method of EventEmitter",
      `const emit = EventEmitter.prototype.emit; EventEmitter.prototype.emit = function (...a: any) { seen.push(this); return emit.apply(this, a); };`,
    ],
    [
      "defining a method of EventEmitter",
      `const emit = EventEmitter.prototype.emit; Object.defineProperty(EventEmitter.prototype, "emit", { value(...a: any) { seen.push(this); return emit.apply(this, a); } });`,
    ],
    [
      "replacing the prototype of EventEmitter.prototype",
      `Object.setPrototypeOf(EventEmitter.prototype, new Proxy({}, { get(_t, _n, self) { seen.push(self); } }));`,
    ],
    [
      "defining a member of Object.prototype",
      `for (const name of ["noDeprecation", "domain"]) Object.defineProperty(Object.prototype, name, { get() { seen.push(this); } });`,
    ],
    [
      "assigning a method of all streams",
      `const on = Readable.prototype.on; Duplex.prototype.on = Readable.prototype.on = function (...a: any) { seen.push(this); return on.apply(this, a); };`,
    ],
  ])("gets a TypeError for %s, and does not get the real process", async (_name, patch) => {
    const result = await run(
      `let refused = ""; try { ${patch} } catch (error: any) { refused = error.name; } ${PROVOKE} return [refused, ${REAL}];`,
    );
    expect(result).toEqual(["TypeError", false]);
  });

  it("can extend these classes, and override their methods", async () => {
    const result = await run(`
      class Modern extends EventEmitter { override emit(...a: any): boolean { seen.push("modern"); return super.emit.apply(this, a); } }
      function Old(this: any) { EventEmitter.call(this); }
      inherits(Old as any, EventEmitter);
      (Old as any).prototype.on = function (...a: any) { seen.push("old"); return EventEmitter.prototype.on.apply(this, a); };
      const mixed: any = Object.assign({}, EventEmitter.prototype);
      const plain = new EventEmitter();
      plain.emit = ((...a: any) => { seen.push("assigned"); return true; }) as any;
      let heard = 0;
      for (const one of [new Modern(), new (Old as any)(), mixed]) { one.on("x", () => heard++); one.emit("x"); }
      plain.emit("x");
      const read: any[] = []; for await (const part of Readable.from(["a", "b"])) read.push(part);
      return { seen, heard, read };
    `);
    expect(result).toEqual({ seen: ["modern", "old", "assigned"], heard: 3, read: ["a", "b"] });
  });
});
