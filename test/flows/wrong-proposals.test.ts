/** A file that is no proposal is named with its whole error, and reject takes it out of the way. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { REGISTRY } from "../support/commands.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("reject of a wrong proposal, as its hint says, moves the file to orders/rejected", async () => {
  desk = await tempDesk();
  await desk.write("orders/proposed/typo-key.toml", 'side = "buy"\nquantiy = "1"\n');
  const refusal = await desk.call("approve", { id: "typo-key", digest: "x" }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ hint: expect.stringContaining("qoc reject orders/proposed/typo-key.toml") });
  const rejected = await desk.call("reject", { id: "orders/proposed/typo-key.toml", comment: "fix the key" });
  expect(rejected).toMatchObject({ id: "typo-key", state: "rejected" });
  expect(rejected).toMatchObject({ movedFile: { path: "orders/rejected/typo-key.toml", comment: "written" } });
  expect(existsSync(join(desk.root, "orders/proposed/typo-key.toml"))).toBe(false);
  const text = readFileSync(join(desk.root, "orders/rejected/typo-key.toml"), "utf8");
  expect(text).toMatch(/^side = "buy"\nquantiy = "1"\n# typo-key: rejected\n/);
  expect(text).toMatch(/\n# reason: fix the key\n$/);
  expect(await desk.call("status")).toMatchObject({ proposals: [] });
  await expect(desk.call("reject", { id: "typo-key" })).rejects.toMatchObject({ code: "ORDER_NOT_FOUND" });
});

it("reject of a known proposal whose file is now wrong records the human's rejection and comment", async () => {
  desk = await tempDesk();
  const order = { connector: "paper", side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "x" };
  const { id, path } = await desk.call<{ id: string; path: string }>("orders propose", order);
  await desk.write(path, readFileSync(join(desk.root, path), "utf8").replace('quantity = "1"', 'quantity = "six"'));
  expect(await desk.call("status")).toMatchObject({ proposals: [{ id, needs: "correction" }] });
  const list = await desk.call("orders list");
  expect(list).toMatchObject([{ id, state: "proposed", needs: "correction" }]);
  expect(desk.said.at(-1)).toBe("1 file needs correction: qoc status");
  const { render } = await REGISTRY.load("orders list");
  const style = { isTty: true, columns: 80, paint: (_: unknown, shown: string) => shown };
  expect(render(list, style)[1]).toMatch(new RegExp(`^${id}  needs correction  BUY`));
  expect(render(list, { ...style, isTty: false })[0]).toMatch(new RegExp(`^${id}\tproposed\tBUY`));
  expect(await desk.call("reject", { id, comment: "too large" })).toMatchObject({ id, state: "rejected" });
  expect(await desk.call("decisions")).toMatchObject([
    { id, decision: "REJECTED", note: "human", untrusted: { source: "human", text: "too large" } },
  ]);
  await desk.call("orders show", { id });
  const text = readFileSync(join(desk.root, `orders/rejected/${id}.toml`), "utf8");
  expect(text).toContain("# reason: too large\n");
  expect(existsSync(join(desk.root, path))).toBe(false);
});

it("reject of a JSON file writes the comment beside it, whether it was a proposal or not", async () => {
  desk = await tempDesk();
  const good = '{"side":"buy","symbol":"SPX","quantity":"1","type":"market"}';
  for (const [id, text] of [
    ["good", good],
    ["cut", '{ "side": '],
  ] as const) {
    await desk.write(`orders/proposed/${id}.json`, text);
    await desk.call("status");
    await desk.call("reject", { id, comment: "too large" });
    await expect.poll(() => existsSync(join(desk.root, `orders/rejected/${id}.verdict.md`))).toBe(true);
    expect(readFileSync(join(desk.root, `orders/rejected/${id}.json`), "utf8")).toBe(text);
    const verdict = readFileSync(join(desk.root, `orders/rejected/${id}.verdict.md`), "utf8");
    expect(verdict).toContain("\n    reason: too large\n");
  }
});

it("reject of a file that takes no comment says so and keeps its bytes", async () => {
  const [name, text] = ["binary.toml", "side = \0"];
  desk = await tempDesk();
  await desk.write(`orders/proposed/${name}`, text);
  await desk.call("status");
  const path = `orders/rejected/${name}`;
  const rejected = await desk.call("reject", { id: `orders/proposed/${name}`, comment: "no" });
  expect(rejected).toMatchObject({ movedFile: { path, comment: "not written" } });
  expect(readFileSync(join(desk.root, path), "utf8")).toBe(text);
});
