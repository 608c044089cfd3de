/** One connector's state, as the commands that change it return it. */
import * as z from "zod";
import { positional } from "../arguments.ts";
import { errorLine } from "../../domain/market/own-words.ts";
import type { Desk } from "../../trading/desk.ts";
import { lazy } from "../../lib/lazy.ts";

export const connectorArgument = lazy(() =>
  positional(z.string(), "NAME", "the connector", { completes: "connector" }),
);

export const connectorStateSchema = lazy(() =>
  z.looseObject({
    name: z.string(),
    state: z.string(),
    digest: z.string().nullable(),
  }),
);

export function connectorState({ venues }: Pick<Desk, "venues">, name: string) {
  const status = venues.facts(name);
  return {
    name,
    state: status?.state ?? "stopped",
    digest: status?.digest ?? null,
    lastError: status?.lastError === undefined ? null : errorLine(name, status.lastError),
  };
}
