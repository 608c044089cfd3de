/** `qoc connectors dev`: an edit of the adapter or of a file that it imports restarts the connector. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { command } from "../../src/commands/connectors/dev.ts";
import { messageOf } from "../../src/domain/errors/error.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const VENUE = `import { power } from "./lib/power.ts";
export default class V {
  async connect(ctx: any) { ctx.logger.info("power " + power()); }
  async disconnect() {}
  async getQuote(symbol: string) { return { symbol, bid: 1, ask: 2, timestamp: Date.now() }; }
  async getPositions() { return []; }
  async getBuyingPower() { return power(); }
  async placeOrder(): Promise<never> { throw new Error("no"); }
  async cancelOrder() {}
}
`;
function power(value: string): string {
  return `export function power(): string {\n  ${value};\n}\n`;
}

let desk: TempDesk;
let stop: AbortController;
let session: Promise<unknown>;
let lines: string[];
afterEach(async () => {
  stop.abort();
  await session;
  await desk.stop();
  await discard(desk);
});

/** Starts a desk with the connector `v`, and the session. */
async function develop(mode: string): Promise<void> {
  [stop, lines, session] = [new AbortController(), [], Promise.resolve()];
  desk = await tempDesk({
    files: { "venue.ts": VENUE, "lib/power.ts": power('return "10"') },
    config: (text) => `${text}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\n${mode}`,
  });
  const style = { isTty: true, columns: 80, paint: (_shade: unknown, text: string) => text };
  const context = {
    ...({ actor: "human", channel: "cli", canAsk: false, cwd: desk.root } as const),
    desk: desk.services,
    progress: { line: () => undefined },
    signal: stop.signal,
    emit: async (line: unknown) => void lines.push(...command.render(line, style)),
  };
  session = command.run({ name: "v" }, context).catch((error: unknown) => lines.push(messageOf(error)));
  await expect.poll(() => lines.join("\n")).toMatch(/watching|only paper/);
}

function expectLines(pattern: RegExp): Promise<void> {
  return expect.poll(() => lines.join("\n")).toMatch(pattern);
}

it("restarts at an edit of an import, names what is broken with file and line, and goes on after the repair", async () => {
  await develop('mode = "paper"\n');
  const file = join(desk.root, "lib/power.ts");
  expect(lines[0]).toBe("watching venue.ts, lib/power.ts; Ctrl-C ends");
  await expectLines(/✓ v is ready/);
  writeFileSync(file, power('return "2000"'));
  await expectLines(/v changed[^]*power 2000[^]*/);
  await expectLines(/v changed[^]*✓ v is ready/);
  expect(await desk.open.desk.venues.buyingPower("v")).toBe("2000");
  writeFileSync(file, "export function power(: string {");
  await expectLines(/✗ v is quarantined: connector v: .*lib\/power\.ts:1:\d+:/);
  writeFileSync(file, power('throw new TypeError("no power")'));
  // The stack is in lines of its own, at the author's line.
  await expectLines(/connect: TypeError: no power[^]*\n\s+at power \(lib\/power\.ts:2:\d+\)/);
  await expectLines(/✗ v is restarting: connect: TypeError: no power/);
  writeFileSync(file, power('return "30000"'));
  await expect.poll(() => desk.open.desk.venues.buyingPower("v").catch(() => "")).toBe("30000");
  await expectLines(/✗ v is restarting[^]*✓ v is ready/);
});

it.each([
  ["live", 'mode = "live"\n', "connector v is live"],
  ["unstated", "", "connector v is of no stated mode"],
])("is refused for a connector that is %s", async (_name, mode, words) => {
  await develop(mode);
  expect(lines.join("\n")).toContain(`${words}: only paper and data-only connectors`);
});

it("takes a data-only connector that states no mode", async () => {
  await develop("orders = false\n");
  await expectLines(/✓ v is ready/);
});
