/** What an adapter can reach by the globals and the classes it shares with the runtime, at both levels. */
import { rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { afterEach, describe, expect, it } from "vitest";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";

/** Brings the runtime to emit a warning, and to read members of its process that are not there. */
const PROVOKE = `
  const busy = new EventEmitter();
  for (let i = 0; i < 20; i++) busy.on("x", () => {});
  Buffer(1 as any);
  await new Promise((resolve) => setTimeout(resolve, 20));
`;
const REAL = `seen.some((one) => typeof one?.kill === "function" && typeof one?.pid === "number")`;

describe.each(["worker", "process"] as const)("an adapter in a %s", (isolation) => {
  const stands: AdapterHarness[] = [];
  afterEach(async () => {
    for (const made of stands.splice(0)) {
      await made.connector.stop();
      rmSync(made.dir, { recursive: true, force: true });
    }
  });
  const asked = async (body: string): Promise<unknown> => {
    const head = `import { EventEmitter } from "node:events"; import { Duplex, Readable } from "node:stream"; import { inherits } from "node:util";`;
    const made = await adapterHarness(
      adapterSource(`async cancelOrder(): Promise<any> { const seen: any[] = []; ${body} }`, head),
      { isolation },
    );
    stands.push(made);
    await made.connector.start();
    const answer = await made.connector.invoke("cancelOrder", ["1"]);
    return answer.ok ? answer.value : answer.message;
  };

  it("finds no built-in under its name, and the web's crypto alone", async () => {
    const names = builtinModules.filter((name) => !["console", "process", "crypto"].includes(name));
    const isModule = `(name) => (${JSON.stringify(names)}.includes(name) || name.startsWith("node:")) && globalThis[name] !== undefined`;
    const found = await asked(
      `return { names: Object.getOwnPropertyNames(globalThis).filter(${isModule}), crypto: Object.keys(crypto) };`,
    );
    expect(found).toEqual({ names: [], crypto: [] });
  });

  it.each([
    [
      "a method put over one of EventEmitter",
      `const emit = EventEmitter.prototype.emit; EventEmitter.prototype.emit = function (...a: any) { seen.push(this); return emit.apply(this, a); };`,
    ],
    [
      "a method defined on EventEmitter",
      `const emit = EventEmitter.prototype.emit; Object.defineProperty(EventEmitter.prototype, "emit", { value(...a: any) { seen.push(this); return emit.apply(this, a); } });`,
    ],
    [
      "a prototype under that of EventEmitter",
      `Object.setPrototypeOf(EventEmitter.prototype, new Proxy({}, { get(_t, _n, self) { seen.push(self); } }));`,
    ],
    [
      "a member of every object",
      `for (const name of ["noDeprecation", "domain"]) Object.defineProperty(Object.prototype, name, { get() { seen.push(this); } });`,
    ],
    [
      "a method of every stream",
      `const on = Readable.prototype.on; Duplex.prototype.on = Readable.prototype.on = function (...a: any) { seen.push(this); return on.apply(this, a); };`,
    ],
  ])("is refused %s, and so is shown no real process", async (_name, patch) => {
    const found = await asked(
      `let refused = ""; try { ${patch} } catch (error: any) { refused = error.name; } ${PROVOKE} return [refused, ${REAL}];`,
    );
    expect(found).toEqual(["TypeError", false]);
  });

  it("makes classes of its own from them, in each way there is", async () => {
    const found = await asked(`
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
    expect(found).toEqual({ seen: ["modern", "old", "assigned"], heard: 3, read: ["a", "b"] });
  });
});
