/** Inbox items say what happened, and a person finishes them. */
import { afterEach, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";

interface Item {
  path: string;
  status: string;
  kind: string;
  untrusted: { text: string };
}
let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("a fill's title is a sentence; done and snooze set its status and nothing else", async () => {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    config: (text) =>
      `${text.split("\n# Guards are")[0]}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "paper"\n`,
  });
  const { quote } = desk.open.fleet.venues;
  for (const [name, value] of [
    ["fills", "on"],
    ["price", "3119.41"],
    ["ask", "3120"],
    ["bid", "3119"],
  ] as const)
    await quote("v", `SET:${name}:${value}`);
  const terms = { connector: "v", side: "buy", symbol: "AAA", quantity: "9", type: "limit", limitPrice: "3200" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", terms);
  await desk.call("approve", { id, digest });
  await desk.reaches(id, "filled");
  const items = (await desk.call<Item[]>("inbox list")).filter(({ kind }) => kind === "fill");
  expect(items.map(({ untrusted }) => untrusted.text)).toEqual(["Bought 9 AAA at 3,119.41"]);
  const path = items[0]?.path ?? "";
  const before = desk.read(path);
  await desk.call("inbox done", { id: path });
  expect(desk.read(path)).toBe(before.replace(/^status: .*$/m, "status: done"));
  await desk.call("inbox snooze", { id: path });
  expect(await desk.call("inbox list", { status: "snoozed" })).toMatchObject([{ path }]);
  await desk.write("inbox/by-hand.md", "Call the broker.\n");
  await desk.call("inbox done", { id: "by-hand" });
  expect(desk.read("inbox/by-hand.md")).toBe('---\nstatus: "done"\n---\nCall the broker.\n');
  expect(await desk.call("inbox list", { status: "done" })).toMatchObject([{ path: "inbox/by-hand.md" }]);
});

it("a connector that is quarantined again and again is one item that counts, until a person finishes it", async () => {
  desk = await tempDesk();
  const quarantine = async (): Promise<void> => {
    await desk.call("connectors quarantine", { name: "paper" });
    await desk.call("connectors restart", { name: "paper" });
    await desk.settled();
  };
  const items = async (): Promise<Item[]> =>
    (await desk.call<Item[]>("inbox list")).filter(
      ({ untrusted }) => untrusted.text === "Connector paper was quarantined, and was ready again",
    );
  await quarantine();
  const [first] = await items();
  expect(desk.read(first?.path ?? "")).not.toContain("times since");
  for (let count = 2; count <= 3; count++) await quarantine();
  expect((await items()).map(({ path }) => path)).toEqual([first?.path]);
  expect(desk.read(first?.path ?? "")).toMatch(/^3 times since .*Z; the latest:$/m);
  await desk.call("inbox done", { id: first?.path });
  await quarantine();
  expect((await items()).map(({ status }) => status).toSorted()).toEqual(["done", "new"]);
});
