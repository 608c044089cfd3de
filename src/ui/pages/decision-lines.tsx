/** The newest decisions, one line each. */
import type { DecisionLine } from "../../domain/orders/order-view.ts";
import type { JSX } from "preact";
import { grouped, money } from "../amounts.ts";
import { useReading } from "../page-context.ts";
import { SideWord, StateMark } from "../parts/marks.tsx";
import { Empty, SaidLine, Shown, Time } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";

export function DecisionLines({ limit }: { readonly limit: number }): JSX.Element {
  const question = { command: "decisions", input: { limit }, topics: ["order:"] };
  const reading = useReading<readonly DecisionLine[]>(question);
  return (
    <Shown reading={reading} what="the decisions">
      {(rows) =>
        rows.length === 0 ? (
          <Empty>Nothing was decided yet.</Empty>
        ) : (
          <ul class="plain decisions">
            {rows.map((row) => (
              <li key={row.id + row.date}>
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
              </li>
            ))}
          </ul>
        )
      }
    </Shown>
  );
}
