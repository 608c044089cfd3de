import type { StatusView } from "../domain/status-view.ts";
import * as z from "zod";
import { QocError, EXIT } from "../domain/errors/error.ts";
import { isoOrNull } from "../lib/time.ts";
import type { SnapshotFile } from "../workspace/snapshot-file.ts";
import { flag, toggle } from "./arguments.ts";
import { type CommandContext, defineCommand, localServices } from "./command.ts";
import { isInScope, statusInScope } from "./connector-scope.ts";
import { readableDesk } from "./readable-desk.ts";
import { renderSnapshotFile } from "./rendering/snapshot-file.ts";
import { renderStatus } from "./rendering/status.ts";
import { watchStatus } from "./watch-status.ts";
import { lazy } from "../lib/lazy.ts";

const bookSchema = lazy(() =>
  z.looseObject({
    nav: z.string().nullable(),
    cash: z.string().nullable(),
    buyingPower: z.string().nullable(),
    accounts: z.array(z.looseObject({})),
    positions: z.array(z.looseObject({})),
  }),
);

/** The book of a snapshot in place of the status. */
interface SnapshotStatus {
  readonly up: boolean;
  readonly book: SnapshotFile;
}

export const command = defineCommand({
  name: "status",
  group: "desk",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "show connectors, proposals, orders and positions",
  description:
    "Connectors, proposals with the guards' verdicts of now, orders in flight, positions, open issues. On a terminal: select, review, approve.",
  summaryForAgents:
    "show the connectors, the proposals that wait for the human, the orders in flight, and the positions",
  examples: ["qoc status", "qoc status --watch", "qoc status --snapshot latest", "qoc status --json"],
  exits: [8],
  input: () =>
    z.strictObject({
      snapshot: flag(z.string().optional(), "latest|FILE", "show the book of a snapshot instead"),
      watch: toggle("show it again every 2 s until Ctrl-C; in a pipe one line each time", { humanOnly: true }),
      exitCode: toggle("exit with 8 if proposals wait for approval", { humanOnly: true }),
    }),
  output: () => z.looseObject({ up: z.boolean(), book: bookSchema() }),
  mcp: { lists: { proposals: "orders list", orders: "orders list", issues: "issues list" } },
  run: async ({ snapshot }, context): Promise<StatusView | SnapshotStatus> =>
    snapshot === undefined ? currentStatus(context) : snapshotStatus(context, snapshot),
  render: (value, style) => ("proposals" in value ? renderStatus(value, style) : renderSnapshotFile(value.book, style)),
  /** On a terminal the pending proposals can be picked, read, approved and rejected. */
  cli: async (session, { exitCode, watch, ...input }) => {
    if (watch === true && input["snapshot"] === undefined) return watchStatus(session);
    const status = (await session.call("status", input)) as StatusView | SnapshotStatus;
    await session.show("status", status);
    if (!("proposals" in status)) return EXIT.done;
    const reviewable = status.proposals.filter(({ digest }) => digest !== null);
    if (session.prompter !== undefined && session.isTty && status.up && reviewable.length > 0) {
      // Imported here: it loads the guards, which a status that is only read does not need.
      const { reviewPending } = await import("./orders/pending-review.ts");
      await reviewPending(session, session.prompter, reviewable);
    }
    return exitCode === true && status.proposals.length > 0 ? EXIT.waiting : EXIT.done;
  },
});

async function currentStatus(context: CommandContext): Promise<StatusView> {
  // Imported here: the command line renders the status of a running desk without loading the desk's own modules.
  const { deskStatus, recordedStatus } = await import("../trading/status.ts");
  if (context.desk === undefined) return recordedStatus(await localServices(context).recordOf(context.cwd));
  const { desk, lastSeen, scheduler } = context.desk;
  const view = await deskStatus(desk);
  const agents = view.agents.map((agent) => ({ ...agent, lastSeenAt: isoOrNull(lastSeen(agent.agent)) }));
  return statusInScope(desk, context.actor, { ...view, agents, queue: scheduler.queue() });
}

/** @throws SNAPSHOT_NOT_FOUND. */
async function snapshotStatus(context: CommandContext, name: string): Promise<SnapshotStatus> {
  // Imported here: it parses TOML.
  const { snapshotNamed } = await import("../workspace/snapshot-file.ts");
  const desk = await readableDesk(context);
  const names = await desk.workspace.snapshots.names();
  const found = snapshotNamed(names, name);
  if (found === undefined) {
    const message = names.length === 0 ? "there is no snapshot yet" : `no snapshot is named ${name}`;
    throw new QocError("SNAPSHOT_NOT_FOUND", { message });
  }
  const book = await desk.workspace.snapshots.read(found);
  const isVisible = ({ connector }: { readonly connector: string }): boolean =>
    isInScope(desk, context.actor, connector);
  const [accounts, positions] = [book.accounts.filter(isVisible), book.positions.filter(isVisible)];
  return { up: context.desk !== undefined, book: { ...book, accounts, positions } };
}
