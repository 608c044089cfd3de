/** The proposals that wait, beside the review of one, and what was decided today. */
import type { JSX } from "preact";
import type { DecisionLine } from "../../domain/orders/order-view.ts";
import type { StatusView } from "../../domain/status-view.ts";
import { stepFocus, useCommand } from "../keyboard.ts";
import { usePage, useReading } from "../page-context.ts";
import { HeldList } from "../parts/held-rows.tsx";
import { SideWord } from "../parts/marks.tsx";
import { Age, SaidLine, Shown } from "../parts/texts.tsx";
import { go, hrefOf } from "../router.ts";
import { STATUS, useStatus, waitingOf } from "../status.ts";
import { dayOf } from "../times.ts";

/** Where a proposal is among those that wait. */
export interface QueuePlace {
  /** From 0; -1 if it does not wait. */
  readonly at: number;
  readonly count: number;
  /** Opens the review of the next proposal in that direction. */
  readonly step: (by: 1 | -1) => void;
}

export function useQueuePlace(current: string): QueuePlace {
  const open = waitingOf(useStatus()).map(({ id }) => id);
  const at = open.indexOf(current);
  const step = (by: 1 | -1): void => {
    const next = open[Math.min(Math.max(at + by, 0), open.length - 1)];
    if (next !== undefined && next !== current) go("review", next);
  };
  return { at, count: open.length, step };
}

const ARROWS: Readonly<Record<string, 1 | -1>> = { ArrowDown: 1, ArrowUp: -1 };

export function Queue({ current }: { readonly current: string }): JSX.Element {
  const status = useReading<StatusView>(STATUS);
  const proposals = status.value.value?.proposals ?? [];
  const { step } = useQueuePlace(current);
  useCommand("j", "next in the list", () => step(1));
  useCommand("k", "previous in the list", () => step(-1));
  return (
    <nav class="queue" aria-label="Proposals that wait" data-as-of={status.askedAt.value}>
      <h2>
        Waits for you <span class="dim">{proposals.length}</span>
      </h2>
      <p class="dim small">
        <Age since={status.askedAt.value} />
      </p>
      <HeldList
        rows={proposals}
        keyOf={({ path }) => path}
        empty={<p class="dim small">Nothing.</p>}
        onKeyDown={(event) => {
          const by = ARROWS[event.key];
          if (by === undefined) return;
          event.preventDefault();
          stepFocus([...event.currentTarget.querySelectorAll("li")], by);
        }}
      >
        {(proposal) =>
          proposal.needs === "approval" ? (
            <a href={hrefOf("review", proposal.id)} aria-current={proposal.id === current ? "page" : undefined}>
              <span class="id">{proposal.id}</span>
              <span>{proposal.sentence}</span>
              {proposal.decision === "block" ? <span class="tone-bad small">✗ a guard blocks it</span> : null}
            </a>
          ) : (
            <div class="problem">
              <span class="id">{proposal.id}</span>
              <span class="tone-warn small">! needs {proposal.needs.replaceAll("-", " ")}</span>
              {proposal.untrusted === null ? null : (
                <span class="small">
                  <SaidLine text={proposal.untrusted.text} />
                </span>
              )}
            </div>
          )
        }
      </HeldList>
      <DecidedToday />
    </nav>
  );
}

const DECIDED_MAX = 8;

function DecidedToday(): JSX.Element {
  const { now } = usePage();
  const question = { command: "decisions", input: { limit: DECIDED_MAX }, topics: ["order:"] };
  const reading = useReading<readonly DecisionLine[]>(question);
  const today = dayOf(now.value);
  return (
    <Shown reading={reading} what="the decisions">
      {(rows) => {
        const decided = rows.filter(({ date }) => dayOf(date) === today);
        if (decided.length === 0) return null;
        return (
          <>
            <h2>Decided today</h2>
            <p class="dim small">
              <Age since={reading.askedAt.value} />
            </p>
            <HeldList class="decided" rows={decided} keyOf={({ id, date }) => id + date}>
              {({ id, decision, side, quantity, symbol, state }) => (
                <a href={hrefOf("orders", id)}>
                  <b class={decision === "APPROVED" ? "tone-good" : "tone-bad"} aria-hidden="true">
                    {decision === "APPROVED" ? "✓" : "✗"}
                  </b>{" "}
                  <span class="sr">{decision.toLowerCase()}: </span>
                  <SideWord side={side} /> {quantity} {symbol} <span class="dim">{state.replaceAll("_", " ")}</span>
                </a>
              )}
            </HeldList>
          </>
        );
      }}
    </Shown>
  );
}
