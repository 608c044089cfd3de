/** Whose account two connectors show. */
import { expect, it } from "vitest";
import type { ConnectorChanged } from "../../../src/domain/event.ts";
import type { ConnectorName } from "../../../src/domain/ids.ts";
import type { Mode } from "../../../src/domain/market/venue.ts";
import { accountOwner, accountTaken } from "../../../src/trading/account/account-owner.ts";
import { readConfig } from "../../../src/workspace/config.ts";
import { scenario } from "../../support/journal-scenario.ts";

const TABLES = ["first", "second"]
  .map((name) => `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./venue.ts"\n`)
  .join("");

const ready = (connector: string, mode: Mode): ConnectorChanged => ({
  ...{ type: "connector.changed", connector: connector as ConnectorName, state: "ready", mode, accountId: "U1" },
});

it("a connector that says another mode than that of its account gets no account of another connector", () => {
  const told = scenario().desk().event(ready("first", "paper")).event(ready("second", "live"));
  const config = readConfig(TABLES, "/desk/desk.toml");
  const name = "first" as ConnectorName;
  // It is refused with this mode, which the journal has all the same.
  const state = told.event({ type: "connector.changed", connector: name, state: "quarantined", mode: "live" }).state();
  const desk = { config, state };
  expect(["first", "second"].map((each) => accountOwner(desk, each))).toEqual(["first", "second"]);
  const found = { mode: "live", environment: "production", accountId: "U1" } as const;
  const taken = (connector: string) => accountTaken(desk, { name: connector, found, connectors: new Map() });
  expect([taken("first"), taken("second")]).toEqual(["second", undefined]);
});
