/** An adapter that responds immediately and keeps an account, and a desk with only that connector. */
import { fileURLToPath } from "node:url";
import type { Method } from "../../src/protocol/messages.ts";
import { adapterSource, adapterHarness } from "../support/adapter-harness.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import type { TempDeskOptions } from "../support/temp-desk.ts";

export const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

const VENUE = adapterFixture("instant-venue");

const GUARDS = [
  "max-order-nav",
  "max-position-nav",
  "day-loss-limit",
  "buying-power",
  "price-collar",
  "quote-freshness",
  "no-short",
];

export const GUARD_TABLES = GUARDS.map((key) => `[[guard]]\nkey = "${key}"\n`).join("");

function instantDesk(options = ""): TempDeskOptions {
  const connector = `[[connector]]\nname = "instant"\ntype = "custom"\nadapter = "./instant.ts"\n${options}`;
  return {
    files: { "instant.ts": VENUE },
    config: () => `[workspace]\nhistory_enabled = false\n${connector}${GUARD_TABLES}`,
  };
}

/** The desk asks this venue for each quote. */
export const instantVenue = instantDesk();

/** This venue streams quotes of the symbols that it was asked for, as the built-in connectors do. */
export const streamingVenue = instantDesk("  [connector.options]\n  stream = true\n");

export async function adapterOnWorker() {
  const harness = await adapterHarness(adapterSource(""));
  await harness.connector.start();
  return {
    call: (method: Method, args: readonly unknown[]) => harness.connector.invoke(method, args),
    stop: () => harness.connector.stop(),
  };
}
