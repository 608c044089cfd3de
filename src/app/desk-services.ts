/** The running desk's services for commands: state, journal, logs, runs. */
import { scanJournal } from "../bus/journal-read.ts";
import { upgraded } from "../bus/replay.ts";
import type { DeskServices } from "../commands/command.ts";
import { followLogs, readLogs } from "../workspace/logs.ts";
import type { OpenDesk } from "./open-desk.ts";
import { JournalThread } from "./journal-thread.ts";

/** Services of the daemon that are not part of the desk. */
type DaemonServices = Pick<
  DeskServices,
  "runs" | "scheduler" | "news" | "lastSeen" | "unrecordedRefusals" | "pages" | "passkeys" | "pageAddress" | "stop"
>;

/** Programs pass only a few of their variables to a server on standard input and output, HOME among them. */
function mcpProgram({ packageRoot, env, desk }: OpenDesk): DeskServices["mcpProgram"] {
  const runtime = env["XDG_RUNTIME_DIR"];
  return {
    command: process.execPath,
    args: [`${packageRoot}/bin/qoc.mjs`, "mcp", "-C", desk.workspace.root],
    env: runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime },
  };
}

export function createDeskServices(open: OpenDesk, daemon: DaemonServices): DeskServices {
  const { desk, logs, logDir, projector, journal } = open;
  const reader = new JournalThread(open.packageRoot);
  // The record of a journal that cannot be written is what is on disk.
  const flushed = async (): Promise<void> => {
    if (desk.readOnly() === undefined) await journal?.flush();
  };
  return {
    desk,
    nodeVersion: process.versions.node,
    readEvents: async () => {
      await flushed();
      return upgraded((await scanJournal(desk.workspace.disk, desk.workspace.journalDir)).events);
    },
    verify: async (progress) => {
      await flushed();
      return reader.verify(
        { root: desk.workspace.root, home: open.home, env: open.env, version: desk.version },
        progress,
      );
    },
    equity: async (range, most) => {
      await flushed();
      const place = { root: desk.workspace.root, home: open.home, version: desk.version };
      return reader.equity({ place, config: desk.config }, range, most);
    },
    readLogs: async (query) => {
      await logs.flush();
      return readLogs(desk.workspace.disk, logDir, query);
    },
    followLogs: (query, line, signal) => followLogs(logs, query, line, signal),
    settled: async () => {
      await flushed();
      await projector.settled();
    },
    orderSettled: async (id) => {
      // Records of others, which may arrive without a pause, need not be on disk.
      const last = desk.state.orders.get(id)?.history.at(-1)?.seq ?? 0;
      if (last > projector.lastSeq) await flushed();
      await projector.orderSettled(id);
    },
    mcpProgram: mcpProgram(open),
    ...daemon,
  };
}
