/** What an author sees of an error: its cause, a log line with the stack, and an exit code. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { command } from "../../src/commands/connectors/restart.ts";

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
