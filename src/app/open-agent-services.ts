/** What stands around an open desk: its commands, its runs, and the agents' door. They need each other, and are tied here. */
import type { DeskServices } from "../commands/command.ts";
import { type Refusals, invoke } from "../commands/invoke.ts";
import { COMMANDS } from "../commands/table.ts";
import { writeRefusalAlert } from "../trading/repeated-refusals-alert.ts";
import { type FeedDeps, startNews } from "../trading/news.ts";
import { feedFetcher } from "../market-data/feed-fetch.ts";
import { feedReader } from "../market-data/feed-thread.ts";
import { type AgentEndpoint, agentCall, openAgentEndpoint } from "./agent-endpoint.ts";
import { type AgentRuns, openAgentRuns } from "../runs/agent-runs.ts";
import { createDeskServices } from "./desk-services.ts";
import { createLauncher } from "./process-launcher.ts";
import type { OpenDesk } from "./open-desk.ts";
import { createRefusalRecorder } from "./refusal-recorder.ts";

export interface AgentServices {
  readonly services: DeskServices;
  readonly runs: AgentRuns;
  readonly door: AgentEndpoint;
  readonly refused: Refusals;
  /** Ends runs and feeds, then the door, and writes down what was refused of late. */
  close(): Promise<void>;
}

/** `stop` ends the desk; `port` is where the agents' door stands, by default the configured one. */
export async function openAgentServices(
  open: OpenDesk,
  stop: () => void,
  port = () => open.config.workspace.port,
): Promise<AgentServices> {
  const { desk } = open;
  const refusals = createRefusalRecorder({
    ...desk,
    onRepeated: (actor, tried) => writeRefusalAlert(desk, actor, tried),
  });
  const { refused } = refusals;
  const runs = openAgentRuns({
    desk,
    world: createLauncher(open),
    tools: () => door.tools,
    door: (run, wallMs, sources) => door.open(run, wallMs, sources),
    refused: (actor, tool) => refused(tool, actor, "its own program did not let it"),
    callAs: (actor, sources, signal) => (command, input) =>
      invoke(COMMANDS, { command, input }, agentCall({ desk: services, actor, sources, signal }), refused),
  });
  const news = startNews(desk, feedDeps(open));
  const services = createDeskServices(open, { runs, news, lastSeen: (agent) => door.lastSeen(agent), stop });
  const door = await openAgentEndpoint({ open, services, refused, port });
  return {
    services,
    runs,
    door,
    refused,
    close: async () => {
      await runs.close();
      await news.stop();
      await door.close();
      await refusals.flush();
    },
  };
}

function feedDeps({ desk: { clock, version }, packageRoot }: OpenDesk): FeedDeps {
  return {
    fetch: feedFetcher({ clock, agent: `qoc/${version}` }),
    read: feedReader({ clock, workerFile: `${packageRoot}/dist/src/market-data/feed-worker.js` }),
  };
}
