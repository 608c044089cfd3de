/** The limits a day of all scheduled runs together: `[schedules]` of desk.toml. The day is that of the desk's zone. */
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import type { Desk } from "../desk.ts";
import { dateInZone } from "../market/market-snapshot.ts";

type LimitedDesk = Pick<Desk, "config" | "state" | "clock">;

/** What today's scheduled runs have used. */
export interface DailyUse {
  readonly runs: number;
  readonly costUsd: number;
  readonly proposals: number;
}

/** A run whose cost is not known counts with the cost that `[agent]` allows one run; the demo agent costs nothing. */
export function dailyUse({ config, state, clock }: LimitedDesk): DailyUse {
  const { timezone } = config.workspace;
  const today = dateInZone(timezone, clock.now());
  const runs = [...state.schedules.runs.values()].filter(({ at }) => dateInZone(timezone, at) === today);
  const costOf = (run: (typeof runs)[number]): number =>
    run.cost === undefined ? (run.runtime === "demo" ? 0 : config.agent.maxCostUsd) : Number(run.cost);
  return {
    runs: runs.length,
    costUsd: runs.reduce((sum, run) => sum + costOf(run), 0),
    proposals: runs.reduce((sum, run) => sum + run.proposals, 0),
  };
}

/** The cost that a scheduled run may still have today. @throws DAILY_LIMIT if a limit is reached. */
export function remainingCostUsd(desk: LimitedDesk): number {
  const { maxRuns, maxCostUsd, maxProposals } = desk.config.scheduleLimits;
  const { runs, costUsd, proposals } = dailyUse(desk);
  if (runs >= maxRuns) throw dailyLimit(maxRuns, "runs", "max_runs_per_day");
  if (costUsd >= maxCostUsd) throw dailyLimit(maxCostUsd, "USD", "max_cost_usd_per_day");
  if (proposals >= maxProposals) throw dailyLimit(maxProposals, "proposals", "max_proposals_per_day");
  return maxCostUsd - costUsd;
}

/**
 * Proposals that are being written count, too.
 * @throws DAILY_LIMIT if the actor is a scheduled run and no further proposal is allowed today.
 */
export function refuseDailyProposals(desk: LimitedDesk & Pick<Desk, "proposals">, actor: Actor): void {
  const isScheduled = (author: Actor): boolean => desk.state.schedules.runs.has(author.replace(/^agent:/, ""));
  if (!isScheduled(actor)) return;
  const { maxProposals } = desk.config.scheduleLimits;
  const beingWritten = [...desk.proposals.beingWritten].filter((entry) => isScheduled(entry.actor)).length;
  if (dailyUse(desk).proposals + beingWritten >= maxProposals)
    throw dailyLimit(maxProposals, "proposals", "max_proposals_per_day");
}

function dailyLimit(limit: number, of: string, key: string): QocError {
  return new QocError("DAILY_LIMIT", { limit, of, key });
}
