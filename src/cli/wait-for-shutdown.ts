/** After `qoc down`: the desk answers first and stops then; its socket goes once files and lock are settled. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeskDown } from "./client.ts";
import type { Session } from "./session.ts";

const LOOK_MS = 20;
const LOOKS_MAX = 750;

/** Waits at most about 15 s; a desk that still stops by then is left to it, with a note. */
export async function waitForShutdown(session: Session, signal: AbortSignal): Promise<void> {
  const row = session.row("connectors list");
  for (let look = 0; look < LOOKS_MAX; look++) {
    try {
      await session.call(row, {});
    } catch (error) {
      if (isDeskDown(error)) return;
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
  session.note("the desk still stops; qoc status tells when it is down");
}
