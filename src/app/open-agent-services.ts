/**
 * Opens what agents use at an open desk: their endpoint, their runs, the news feeds, and the record of refused calls.
 */
import type { DeskServices } from "../commands/command.ts";
import type { Lifecycle } from "../lib/lifecycle.ts";
import { PriorityGate } from "../lib/priority-gate.ts";
import { feedFetcher } from "../market-data/feed-fetch.ts";
import { feedReader } from "../market-data/feed-thread.ts";
import { type AgentRuns, openAgentRuns } from "../runs/agent-runs.ts";
import { type Scheduler, createScheduler } from "../runs/scheduler.ts";
import { type FeedDeps, startNews } from "../trading/market/news.ts";
import { openPageSessions } from "../trading/pages/page-sessions.ts";
import { openPasskeys } from "../trading/pages/passkeys.ts";
import { writeRefusalAlert } from "../trading/projections/repeated-refusals-alert.ts";
import { AgentCommands } from "./agent-commands.ts";
import { type AgentEndpoint, openAgentEndpoint } from "./agent-endpoint.ts";
import { createDeskServices } from "./desk-services.ts";
import type { OpenDesk } from "./open-desk.ts";
import { createLauncher } from "./process-launcher.ts";
import { createRefusalRecorder } from "./refusal-recorder.ts";
import type { RefusalLog } from "../domain/authority/refusal.ts";

export interface AgentServices {
  readonly services: DeskServices;
  readonly runs: AgentRuns;
  /** Its timer is not started. */
  readonly scheduler: Scheduler;
  readonly endpoint: AgentEndpoint;
  readonly refusals: RefusalLog;
  /** Commands of the human go through it, and calls of agents start only while none of those runs. */
  readonly gate: PriorityGate;
}

/** How long one command of the human, which may stream for hours, keeps calls of agents from starting. */
export const HUMAN_FIRST_MS = 1_000;

/**
 * Registers every part in `lifecycle`: schedules and runs close first, then feeds and endpoint, then the refused calls
 * are written.
 * @param stop stops the desk.
 * @param port returns the port on which the endpoint is served; the desk's port by default.
 */
export async function openAgentServices(
  open: OpenDesk,
  lifecycle: Lifecycle,
  stop: () => void,
  port = () => open.desk.port,
): Promise<AgentServices> {
  const { desk } = open;
  const refusals = await lifecycle.open(
    "refusal record",
    () =>
      createRefusalRecorder({
        ...desk,
        onRepeated: (actor, counts) => writeRefusalAlert(desk.workspace.inbox, desk.clock.now(), actor, counts),
      }),
    (recorder) => recorder.flush(),
  );
  const commands = new AgentCommands(refusals);
  const gate = new PriorityGate(desk.clock, HUMAN_FIRST_MS);
  const endpoint = await lifecycle.open(
    "agent endpoint",
    () => openAgentEndpoint({ open, commands, refusals, gate, port }),
    (opened) => opened.close(),
  );
  const news = await lifecycle.open(
    "news feeds",
    () => startNews(desk, feedDeps(open)),
    (feeds) => feeds.stop(),
  );
  const runs = await lifecycle.open(
    "agent runs",
    () =>
      openAgentRuns({
        desk,
        launch: createLauncher(open),
        tools: endpoint.tools,
        openEndpoint: endpoint.open,
        refusals,
        callAs: (actor, sources, signal) => (command, input) =>
          commands.invoke(command, input, { actor, sources, signal }),
      }),
    (opened) => opened.close(),
  );
  const scheduler = await lifecycle.open(
    "schedules",
    () => createScheduler({ desk, runs }),
    (opened) => opened.close(),
  );
  const pages = await lifecycle.open(
    "page sessions",
    () => openPageSessions(desk, open.pageFile),
    (opened) => opened.stop(),
  );
  const pageAddress = (): string => `http://localhost:${port()}/ui/`;
  const lastSeen = (agent: string): number | undefined => endpoint.lastSeen(agent);
  const services = createDeskServices(open, {
    runs,
    scheduler,
    news,
    lastSeen,
    unrecordedRefusals: () => refusals.unrecorded(),
    pages,
    passkeys: openPasskeys(desk),
    pageAddress,
    stop,
  });
  commands.bind(services);
  return { services, runs, scheduler, endpoint, refusals, gate };
}

function feedDeps({ desk: { clock, version }, packageRoot }: OpenDesk): FeedDeps {
  return {
    fetch: feedFetcher({ clock, userAgent: `qoc/${version}` }),
    read: feedReader({ clock, workerFile: `${packageRoot}/dist/src/market-data/feed-worker.js` }),
  };
}
