/** Opens the page of a desk: its files, its event streams and its commands. */
import { invoke } from "../commands/invoke.ts";
import type { DeskServices } from "../commands/command.ts";
import { QocError } from "../domain/errors/error.ts";
import { type PageHandle, pageHandler } from "../http/page.ts";
import { PageStreams } from "../http/page-streams.ts";
import type { PriorityGate } from "../lib/priority-gate.ts";
import { commandRegistry } from "./command-registry.ts";
import type { OpenDesk } from "./open-desk.ts";
import { readPageFiles } from "./page-files.ts";

export interface PageParts {
  readonly open: OpenDesk;
  readonly services: DeskServices;
  /** Calls of agents start only while no call of a page runs. */
  readonly gate: PriorityGate;
  /** The port on which the page is served. */
  readonly port: () => number;
  /** Aborts when the desk stops. A page that is closed does not end what it started. */
  readonly stopping: AbortSignal;
}

export interface OpenPage {
  readonly handle: PageHandle;
  /** Ends the streams. Pages learn that the desk stops, so this comes before the port closes. */
  stop(): void;
}

export function openPage(parts: PageParts): OpenPage {
  const { open, services, gate, port, stopping } = parts;
  const { desk } = open;
  const { pages } = services;
  const streams = new PageStreams(desk.clock, desk.state.seq);
  open.onCommit((recorded) => streams.take(recorded));
  pages.onEnd((session, reason) => streams.end(session, reason));
  const handle = pageHandler({
    ...readPageFiles(`${open.packageRoot}/dist/ui`),
    version: desk.version,
    desk: { id: desk.state.deskId, name: desk.config.workspace.name },
    port,
    origins: () => desk.config.ui.origins,
    epoch: () => desk.state.epoch,
    now: () => desk.clock.now(),
    pages,
    streams,
    log: desk.log,
    invoke: async ({ command, input, page, progress, emit }) => {
      if (stopping.aborted) throw new QocError("DESK_DOWN");
      const caller = { actor: "human", channel: "http", canAsk: false, cwd: desk.workspace.root } as const;
      const context = { ...caller, page, desk: services, emit, progress, signal: stopping };
      return gate.first(async () => invoke(await commandRegistry(), { command, input }, context));
    },
  });
  return { handle, stop: () => streams.stop() };
}
