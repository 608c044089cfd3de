/** The packages that a live built-in connector runs are the user's: changed ones are signed, as a changed adapter. */
import { afterEach, expect, it } from "vitest";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { type TempDesk, discard, tempDesk, withoutPaper } from "../support/temp-desk.ts";

const EXCHANGE = "node_modules/ccxt/js/src/acme.js";
const HONEST = "throw new Error('no exchange');\nexport default class {}\n";
const TABLE = `[[connector]]
name = "coins"
type = "ccxt"
orders = false
isolation = "process"
${LIVE_LINES}  [connector.auth]
  api_key = { env = "COIN_KEY" }
  api_secret = { env = "COIN_SECRET" }
  [connector.options]
  exchange = "acme"
  environment = "live"
${LIVE_GUARD}`;

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
  desk = undefined;
});

it("a changed package of a live built-in connector is not loaded until the live key signs it", async () => {
  desk = await tempDesk({
    config: (template) => withoutPaper(template, TABLE),
    env: { COIN_KEY: "KEY-OF-THE-TEST", COIN_SECRET: "secret-of-the-test" },
    files: { "node_modules/ccxt/package.json": '{"version":"4.0.0","type":"module"}', [EXCHANGE]: HONEST },
  });
  await desk.write(EXCHANGE, HONEST.replace("no exchange", "the keys are mine"));
  await expect(desk.call("connectors restart", { name: "coins" })).rejects.toMatchObject({ code: "ADAPTER_CHANGED" });
  expect(desk.open.desk.venues.status()[0]?.lastError).not.toContain("the keys are mine");
  await expect(desk.call("reload", {}, { actor: "human", channel: "cli" })).rejects.toMatchObject({
    code: "SIGNATURE_REQUIRED",
    message: expect.stringContaining("live key") as string,
  });
  expect(await desk.call("reload")).toMatchObject({ accepted: true, changes: [{ path: "connector.coins.code" }] });
  // A second reload has nothing left to sign.
  expect(await desk.call("reload")).toMatchObject({ accepted: false });
  // Two processes start, and two passphrases are derived.
}, 90_000);
