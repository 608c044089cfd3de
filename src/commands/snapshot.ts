import * as z from "zod";
import { type SnapshotView, takeSnapshot } from "../trading/snapshot.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { isInScope, positionsInScope } from "./connector-scope.ts";
import { renderPositions } from "./rendering/positions.ts";
import { type OutputStyle, keyValueLines } from "./rendering/table-text.ts";

export const command = defineCommand({
  name: "snapshot",
  aliases: ["snapshots create"],
  group: "record",
  audience: "both",
  runs: "desk",
  writes: ["snapshots/"],
  summary: "write the book, with its NAV, to snapshots/",
  description: "Asks every connector first.",
  examples: ["qoc snapshot", "qoc snapshot --json"],
  exits: [5],
  input: z.strictObject({}),
  output: z.looseObject({ path: z.string(), nav: z.string() }),
  mcp: { openWorld: true },
  run: async (_input, context) => {
    const { desk } = requireDesk(context);
    const { connectors, stale, positions, ...view } = await takeSnapshot(desk, context.actor);
    const isVisible = (name: string): boolean => isInScope(desk, context.actor, name);
    return {
      ...view,
      connectors: connectors.filter(isVisible),
      stale: stale.filter(isVisible),
      positions: positionsInScope(desk, context.actor, positions),
    };
  },
  render: renderSnapshot,
});

export function renderSnapshot(snapshot: SnapshotView, style: OutputStyle): readonly string[] {
  return [
    ...keyValueLines(style, [
      ["file", snapshot.path],
      ["NAV", `${snapshot.nav} ${snapshot.currency}`],
      ["cash", snapshot.cash],
      ["buying power", snapshot.buyingPower],
      ["today", snapshot.dayPnl],
      ...(snapshot.stale.length === 0
        ? []
        : [["not asked", `${snapshot.stale.join(", ")}; at their last known value`] as const]),
    ]),
    ...(style.isTty ? ["", ...renderPositions(snapshot.positions, style)] : []),
  ];
}
