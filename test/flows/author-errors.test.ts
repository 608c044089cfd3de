/** What an author sees of an error: its cause, a log line with the stack, and an exit code. */
import type { StatusView } from "../../src/domain/status-view.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { command } from "../../src/commands/connectors/restart.ts";
import { createEventLog } from "../../src/trading/projections/event-log.ts";

const VENUE = `export default class V {
  async connect() {}
  async disconnect() {}
  async getQuote() { throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:9") }); }
  async getPositions() { return []; }
  async getBuyingPower() { return "1000"; }
  async placeOrder() { throw new Error("no"); }
  async cancelOrder() {}
}
`;
let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("a throw in a method has its cause in the message and its stack in the log; a broken restart exits with 1", async () => {
  desk = await tempDesk({
    files: { "venue.ts": VENUE },
    config: (text) =>
      `${text.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const quote = desk.open.fleet.venues.quote("v", "AAA");
  await expect(quote).rejects.toThrow("fetch failed: connect ECONNREFUSED 127.0.0.1:9");
  const lines = (): Promise<readonly Record<string, unknown>[]> => desk.services.readLogs({ tail: 50, connector: "v" });
  await expect
    .poll(async () => (await lines()).map(({ message }) => message))
    .toContainEqual(expect.stringContaining("getQuote failed: fetch failed: connect ECONNREFUSED"));
  expect(JSON.stringify(await lines())).toContain("venue.ts");
  writeFileSync(join(desk.root, "venue.ts"), "export default class {");
  const state = await desk.call<{ state: string }>("connectors restart", { name: "v" });
  expect(command.exitCode?.(state, {})).toBe(1);
});

it("an error in a log field names the author's line, and no frame of the sandbox", async () => {
  const said = 'async connect(ctx: any) {\n    ctx.logger.info("hello", { error: new Error("inner") });\n  }';
  desk = await tempDesk({
    files: { "venue.ts": VENUE.replace("async connect() {}", said) },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const lines = await desk.services.readLogs({ tail: 50, connector: "v" });
  const hello = lines.find(({ message }) => message === "hello");
  expect(hello).toMatchObject({ error: { message: "inner", stack: "Error: inner\n    at V.connect (venue.ts:3:39)" } });
});

it("a connector that refuses its options is quarantined with its own words, and is not started again and again", async () => {
  const source = VENUE.replace(
    "async connect() {}",
    'async connect(ctx: any) { throw new ConnectRefused("no option x"); }',
  );
  desk = await tempDesk({
    files: { "venue.ts": `import { ConnectRefused } from "@qoc-app/sdk";\n${source}` },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const words = "refuses to connect: no option x";
  const status = await desk.call<StatusView>("status");
  expect(status.connectors.find(({ name }) => name === "v")).toMatchObject({
    state: "quarantined",
    restarts: 0,
    untrusted: { text: `connector v ${words}` },
  });
  const { checks } = await desk.call<{ checks: readonly { name: string; message: string }[] }>("doctor");
  expect(checks.find(({ name }) => name === "connector v")?.message).toContain(words);
});

it("doctor asks for no live key while the mode of an adapter that does not load is unknown", async () => {
  desk = await tempDesk({
    files: { "venue.ts": "export default class {" },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\n`,
  });
  const { checks } = await desk.call<{ checks: readonly { name: string; status: string }[] }>("doctor");
  expect(checks).toContainEqual(expect.objectContaining({ name: "connector v", status: "fail" }));
  expect(checks).toContainEqual(expect.objectContaining({ name: "key", status: "ok" }));
});

it.each(["worker", "process"])(
  "an error that ends a %s has the author's frames alone in the log",
  async (isolation) => {
    const late = `async connect() { setTimeout(() => { throw new Error("too late"); }, 20); }`;
    desk = await tempDesk({
      files: { "venue.ts": VENUE.replace("async connect() {}", late) },
      config: (text) => `${text.split("\n# Guards are")[0]}\n${CUSTOM}isolation = "${isolation}"\n`,
    });
    const stack = async (): Promise<unknown> => {
      const lines = await desk.services.readLogs({ tail: 200, connector: "v" });
      return lines.find(({ message }) => String(message).startsWith("its worker ended"))?.["stack"] ?? "";
    };
    await expect.poll(stack).toMatch(/^Error: too late\n {4}at \S+ \(venue\.ts:2:\d+\)$/);
  },
);

it("a stack has the author's frames only, and one line of it is in status, doctor and the desk's own lines", async () => {
  const source = VENUE.replace("async connect() {}", 'async connect() { throw new Error("no such account"); }');
  desk = await tempDesk({
    files: { "venue.ts": source },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const error = String(desk.open.fleet.venues.facts("v")?.lastError);
  expect(error.split("\n")).toEqual([
    "connect: Error: no such account",
    expect.stringMatching(/V\.connect \(venue\.ts:2:/),
  ]);
  expect(await desk.call("connectors restart", { name: "v" })).toMatchObject({
    lastError: expect.stringMatching(/^connect: Error: no such account at V\.connect \(venue\.ts:2:\d+\)$/) as string,
  });
  const { checks } = await desk.call<{ checks: readonly { name: string; message: string }[] }>("doctor");
  expect(checks.find(({ name }) => name === "connector v")?.message).toMatch(/: connect: Error: no such account$/);
  const lines: string[] = [];
  const write = createEventLog({
    clock: desk.open.desk.clock,
    state: desk.open.desk.state,
    write: ({ message }) => void lines.push(message),
  });
  for (const recorded of await desk.services.readEvents()) write(recorded);
  expect(lines).toContain("v is restarting: connect: Error: no such account");
});

it("a connector that cannot be compared with its venue is named with the reason", async () => {
  const source = VENUE.replace("return [];", 'return [{ symbol: "AAA", quantity: "1", contractSize: "50" }];');
  desk = await tempDesk({
    files: { "venue.ts": source },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const reason = expect.stringContaining("contractSize") as string;
  const { checks } = await desk.call<{ checks: readonly { name: string; message: string }[] }>("doctor");
  expect(checks).toContainEqual(
    expect.objectContaining({ name: "connector v", status: "fail", message: reason, fix: "qoc logs --connector v" }),
  );
  expect(await desk.call("connectors list")).toContainEqual(
    expect.objectContaining({ name: "v", state: "ready", comparisonFails: true, lastError: reason }),
  );
  const { connectors } = await desk.call<{ connectors: readonly unknown[] }>("status");
  expect(connectors).toContainEqual(expect.objectContaining({ name: "v", comparisonFails: true }));
});

const CUSTOM = '[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n';
async function startWith(source: string): Promise<void> {
  desk = await tempDesk({
    files: { "venue.ts": source },
    config: (text) => `${text.split("\n# Guards are")[0]}\n${CUSTOM}`,
  });
}

it("a connector that is not ready has its name once in the refusal and in doctor", async () => {
  await startWith("this is no adapter");
  await expect(desk.open.desk.venues.quote("v", "AAA")).rejects.toMatchObject({
    code: "CONNECTOR_NOT_READY",
    message: expect.stringMatching(/^connector v is \w+: (?!connector v)\S/) as string,
  });
  const { checks } = await desk.call<{ checks: readonly { name: string; message: string }[] }>("doctor");
  expect(checks.find(({ name }) => name === "connector v")?.message).not.toContain("connector v");
});

const ODD_ANSWERS = `switch (symbol) {
    case "TEXT": throw "plain text";
    case "OBJECT": throw { code: 42 };
    case "BIG": return { symbol, bid: 1n, ask: "2", timestamp: 1 };
    case "SELF": { const quote: any = { symbol, sizes: [{}] }; quote.sizes[0].quote = quote; return quote; }
    case "LOST": return { symbol, bid: () => 9, ask: "2", timestamp: 1 };
    case "MORE": return { symbol, bid: "1", ask: "2", timestamp: 1, refresh: () => undefined, kind: Symbol("k") };
    case "CALL": return () => ({ symbol, bid: "1", ask: "2", timestamp: 1 });
    case "NULL": return { symbol, bid: null, ask: 2, timestamp: false };
    default: return undefined;
  }`;

it("what a method throws or returns that is no plain data is named, with its member", async () => {
  await startWith(
    VENUE.replace(/async getQuote\(\) \{.*\}/, `async getQuote(symbol: string): Promise<any> { ${ODD_ANSWERS} }`),
  );
  type Called = Record<"refused" | "dropped", readonly string[]> & { error?: { message: string } };
  const call = (symbol: string): Promise<Called> =>
    desk.call("connectors call", { name: "v", method: "getQuote", args: [symbol] });
  const messageOf = async (symbol: string): Promise<string | undefined> => (await call(symbol)).error?.message;
  expect(await messageOf("TEXT")).toBe("plain text (thrown without new Error, so its line is not known)");
  expect(await messageOf("OBJECT")).toBe('{"code":42} (thrown without new Error, so its line is not known)');
  expect(await messageOf("BIG")).toBe("the result of getQuote cannot be sent: bid is a big integer: pass it as text");
  expect(await messageOf("SELF")).toBe(
    "the result of getQuote cannot be sent: sizes.0.quote is an object that contains itself: pass plain data",
  );
  expect((await call("LOST")).refused).toEqual([
    expect.stringMatching(/^bid must be .*, not a value of type function$/),
  ]);
  expect(await messageOf("CALL")).toBe(
    "the result of getQuote cannot be sent: the value is a function: pass plain data",
  );
  expect((await call("MORE")).dropped).toEqual(["refresh", "kind"]);
  expect((await call("NULL")).refused).toContain("timestamp has none of the forms that are allowed here");
  expect((await call("NOTHING")).refused).toEqual(["it returned nothing"]);
});

it("an error on the console has the author's lines, each by itself", async () => {
  await startWith(
    VENUE.replace("async connect() {}", 'async connect() {\n    console.error("seen", new Error("odd"));\n  }'),
  );
  const lines = await desk.services.readLogs({ tail: 50, connector: "v" });
  expect(lines.find(({ message }) => String(message).startsWith("seen"))).toMatchObject({
    level: "error",
    message: "seen Error: odd",
    stack: "Error: odd\n    at V.connect (venue.ts:3:27)",
  });
});

it("a misspelt method or capability, and what lacks static, is named with the right name", async () => {
  const members = `readonly sdk = 1;
  static readonly capabilities = { exactDecimal: true };
  async getOpenOrder() { return []; }
  async getTrades() { return []; }`;
  await startWith(VENUE.replace("async connect() {}", `${members}\n  async connect() {}`));
  const listed = await desk.call<readonly { name: string; unknownMembers: unknown }[]>("connectors list");
  expect(listed.find(({ name }) => name === "v")?.unknownMembers).toEqual([
    {
      method: "the class",
      members: ["getOpenOrder", "sdk"],
      near: { getOpenOrder: "getOpenOrders", sdk: "static sdk" },
    },
    { method: "static capabilities", members: ["exactDecimal"], near: { exactDecimal: "exactDecimals" } },
  ]);
  const { checks } = await desk.call<{ checks: { message: string }[] }>("doctor");
  expect(checks.map(({ message }) => message)).toContain(
    'the class: the SDK has no "getOpenOrder" (did you mean getOpenOrders?), "sdk" (did you mean static sdk?), so the desk drops them',
  );
});

it("an acknowledgement or a fill that is refused names the value that it has", async () => {
  const emits = "ctx.emitFill(undefined); ctx.emitFill({ fillId: 12 });";
  const place = "async placeOrder() { return { venueOrderId: 12345, status: 'acknowledged' }; }";
  await startWith(
    VENUE.replace("async connect() {}", `async connect(ctx: any) { ${emits} }`)
      .replace(
        /async getQuote\(\) \{.*\}/,
        "async getQuote(symbol: string) { return { symbol, bid: 9, ask: 10, timestamp: Date.now() }; }",
      )
      .replace(/async placeOrder\(\) \{.*\}/, place),
  );
  const said = async (): Promise<string> =>
    (await desk.services.readLogs({ tail: 50, connector: "v" })).map(({ message }) => message).join("\n");
  await expect.poll(said).toContain("malformed fill: it is missing; it is refused, 1 so far");
  await expect.poll(said).toContain("malformed fill: fillId must be a text, not 12; it is refused, 2 so far");
  const order = { connector: "v", side: "buy", symbol: "AAA", quantity: "1", type: "limit", limitPrice: "10" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...order,
    rationale: "x",
  });
  await desk.call("approve", { id, digest }).catch(() => undefined);
  expect(await desk.call("orders show", { id })).toMatchObject({
    state: "unknown",
    untrusted: { reason: { text: "its acknowledgement is malformed: venueOrderId must be a text, not 12345" } },
  });
});
