import * as z from "zod";
import { type SnapshotView, takeSnapshot } from "../trading/account/snapshot.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { bookInScope, isInScope } from "./connector-scope.ts";
import { accountTable, bookSums, holdings, renderPositions } from "./rendering/positions.ts";
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
  input: () => z.strictObject({}),
  output: () => z.looseObject({ path: z.string(), nav: z.string().nullable() }),
  mcp: { openWorld: true },
  run: async (_input, context) => {
    const { desk } = requireDesk(context);
    const view = await takeSnapshot(desk, context.actor);
    const isVisible = (name: string): boolean => isInScope(desk, context.actor, name);
    return {
      ...bookInScope(desk, context.actor, view),
      connectors: view.connectors.filter(isVisible),
      stale: view.stale.filter(isVisible),
    };
  },
  render: renderSnapshot,
});

export function renderSnapshot(snapshot: SnapshotView, style: OutputStyle): readonly string[] {
  return [
    ...keyValueLines(style, [["file", snapshot.path]]),
    ...bookSums(snapshot, style),
    ...(snapshot.stale.length === 0
      ? []
      : keyValueLines(style, [["not asked", `${snapshot.stale.join(", ")}; at their last known value`]])),
    ...accountTable(snapshot.accounts, style),
    ...(style.isTty ? holdings(snapshot, style).flatMap((lines) => (lines.length === 0 ? [] : ["", ...lines])) : []),
    ...(style.isTty ? ["", ...renderPositions(snapshot.positions, style)] : []),
  ];
}
