/** The newest decisions, one line each. */
import type { DecisionLine } from "../../domain/orders/order-view.ts";
import type { JSX } from "preact";
import { grouped, money } from "../amounts.ts";
import type { Reading } from "../desk-data.ts";
import { useReading } from "../page-context.ts";
import { HeldList } from "../parts/held-rows.tsx";
import { Card } from "../parts/card.tsx";
import { SideWord, StateMark } from "../parts/marks.tsx";
import { Age, Empty, SaidLine, Shown, StillLines, Time } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";

interface DecisionsCardProps {
  readonly title: string;
  readonly limit: number;
  readonly link?: JSX.Element;
}

export function DecisionsCard({ title, limit, link }: DecisionsCardProps): JSX.Element {
  const question = { command: "decisions", input: { limit }, topics: ["order:"] };
  const reading = useReading<readonly DecisionLine[]>(question);
  const age = <Age since={reading.askedAt.value} />;
  return (
    <Card
      title={title}
      aside={
        <>
          {age} {link}
        </>
      }
    >
      <DecisionLines reading={reading} />
    </Card>
  );
}

function DecisionLines({ reading }: { readonly reading: Reading<readonly DecisionLine[]> }): JSX.Element {
  return (
    <Shown reading={reading} what="the decisions" still={<StillLines isDouble />}>
      {(rows) => (
        <HeldList
          class="plain decisions"
          rows={rows}
          keyOf={({ id, date }) => id + date}
          empty={<Empty>Nothing was decided yet.</Empty>}
        >
          {(row) => (
            <>
              <b class={row.decision === "APPROVED" ? "tone-good" : "tone-bad"} aria-hidden="true">
                {row.decision === "APPROVED" ? "✓" : "✗"}
              </b>
              <span>
                <span class="sr">{row.decision.toLowerCase()} </span>
                <SideWord side={row.side} /> {grouped(row.quantity)} {row.symbol}
                {row.averagePrice === null ? "" : ` at ${money(row.averagePrice)}`} <StateMark state={row.state} />
                <br />
                <small class="dim">
                  <a href={hrefOf("orders", row.id)}>{row.id}</a>, <Time at={row.date} />
                  {row.untrusted === null ? "" : ", "}
                  {row.untrusted === null ? null : <SaidLine text={row.untrusted.text} />}
                </small>
              </span>
            </>
          )}
        </HeldList>
      )}
    </Shown>
  );
}
