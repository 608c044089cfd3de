/** What stands around an open desk: its commands, its runs, and the agents' door. They need each other, and are tied here. */
import type { HotServices } from "../commands/command.ts";
import { type Refusals, invoke } from "../commands/invoke.ts";
import { COMMANDS } from "../commands/table.ts";
import { noteInsisting } from "../trading/repeated-refusals-alert.ts";
import { type FeedWorld, startNews } from "../trading/news.ts";
import { feedFetcher } from "../market-data/feed-fetch.ts";
import { feedReader } from "../market-data/feed-thread.ts";
import { type AgentDoor, agentCall, openAgentDoor } from "./agent-endpoint.ts";
import { type AgentRuns, openAgentRuns } from "../runs/agent-runs.ts";
import { hotServices } from "./desk-services.ts";
import { launchWorld } from "./process-launcher.ts";
import type { OpenDesk } from "./open-desk.ts";
import { refusalsOf } from "./refusal-recorder.ts";

export interface Staff {
  readonly services: HotServices;
  readonly runs: AgentRuns;
  readonly door: AgentDoor;
  readonly refused: Refusals;
  /** Ends runs and feeds, then the door, and writes down what was refused of late. */
  close(): Promise<void>;
}

/** `stop` ends the desk; `port` is where the agents' door stands, by default the configured one. */
export async function staffDesk(
  open: OpenDesk,
  stop: () => void,
  port = () => open.config.workspace.port,
): Promise<Staff> {
  const { desk } = open;
  const refusals = refusalsOf({ ...desk, insists: (actor, tried) => noteInsisting(desk, actor, tried) });
  const { refused } = refusals;
  const runs = openAgentRuns({
    desk,
    world: launchWorld(open),
    tools: () => door.tools,
    door: (run, wallMs, sources) => door.open(run, wallMs, sources),
    refused: (actor, tool) => refused(tool, actor, "its own program did not let it"),
    callAs: (actor, sources, signal) => (command, input) =>
      invoke(COMMANDS, { command, input }, agentCall({ hot: services, actor, sources, signal }), refused),
  });
  const news = startNews(desk, feedWorld(open));
  const services = hotServices(open, { runs, news, lastSeen: (agent) => door.lastSeen(agent), stop });
  const door = await openAgentDoor({ open, services, refused, port });
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

function feedWorld({ desk: { clock, version }, packageRoot }: OpenDesk): FeedWorld {
  return {
    fetch: feedFetcher({ clock, agent: `qoc/${version}` }),
    read: feedReader({ clock, workerFile: `${packageRoot}/dist/src/market-data/feed-worker.js` }),
  };
}
