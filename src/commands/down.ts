import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { EXIT } from "../domain/errors/error.ts";
import { workingOrders } from "../trading/orders/working-orders.ts";
import { type CommandSession, defineCommand, requireDesk } from "./command.ts";
import { workingLines } from "./rendering/working-orders.ts";
import { workingOrdersSchema } from "./working-orders-schema.ts";

const POLL_MS = 20;
/** About 15 s. */
const POLLS_MAX = 750;

export const command = defineCommand({
  name: "down",
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "stop the desk",
  description: "Working orders stay working at their venues.",
  examples: ["qoc down", "qoc down -C my-desk"],
  exits: [5],
  input: () => z.strictObject({}),
  output: () => z.object({ stopped: z.boolean(), working: workingOrdersSchema() }),
  run: async (_input, context) => {
    const { desk, stop } = requireDesk(context);
    const working = workingOrders(desk.state);
    stop();
    return { stopped: true, working };
  },
  render: ({ working }) => ["the desk stops", ...workingLines(working, false)],
  cli: async (session, input) => {
    await session.show("down", await session.call("down", input));
    await waitForShutdown(session);
    return EXIT.done;
  },
});

/** The desk returns its result before it stops; its socket is gone once the files and the lock are settled. */
async function waitForShutdown(session: CommandSession): Promise<void> {
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    try {
      await session.callDesk("connectors list", {});
    } catch (error) {
      if (session.isDeskDown(error)) return;
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
  }
  session.progress.line("the desk is still stopping; qoc status shows when it is down");
}
