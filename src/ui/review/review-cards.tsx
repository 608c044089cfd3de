/** The parts of a review: book, market, guards, the author's words, and what is signed. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { escapeInvisible, escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import { useCommand } from "../keyboard.ts";
import { eventWords } from "../../domain/orders/event-words.ts";
import type { Review, ReviewedOrder } from "../../domain/orders/review-view.ts";
import { messageAfterKey } from "../../domain/orders/verdict.ts";
import { counted, grouped, money, withUnit } from "../amounts.ts";
import { Card } from "../parts/card.tsx";
import { Change, Moving, Unavailable } from "../parts/marks.tsx";
import { Age, Said, SaidLine, Time } from "../parts/texts.tsx";
import { Button } from "../parts/button.tsx";
import { type Proposal, type ReviewReading, blockingChecks, sortedChecks } from "./review-state.ts";

export function BookCard({ review }: { readonly review: Review }): JSX.Element {
  return (
    <Card title="Your book, before and after">
      <table class="book">
        <thead>
          <tr>
            <th scope="col">what</th>
            <th scope="col" class="n">
              before
            </th>
            <th scope="col" class="n">
              after
            </th>
          </tr>
        </thead>
        <tbody>
          {review.book.map(({ what, before, after, unit }) => (
            <tr key={what}>
              <th scope="row">
                {what} <span class="unit">{unit === "%" ? "" : unit}</span>
              </th>
              <td class="n">
                <InBook amount={before} unit={unit} />
              </td>
              <td class={`n after ${before === after ? "same" : ""}`}>
                <InBook amount={after} unit={unit} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {review.realized === null ? null : (
        <p>
          Realizes about <Change amount={review.realized.amount} unit={review.realized.unit} /> at{" "}
          {money(review.realized.price)}.
        </p>
      )}
    </Card>
  );
}

interface InBookProps {
  readonly amount: string | null;
  /** A currency is in the row's name. */
  readonly unit: string;
}

function InBook({ amount, unit }: InBookProps): JSX.Element {
  if (amount === null) return <Unavailable />;
  return <Moving value={amount}>{unit === "" || unit === "%" ? withUnit(amount, unit) : money(amount)}</Moving>;
}

export function MarketCard({
  review,
  askedAt,
  onRefresh,
}: {
  readonly review: Review;
  readonly askedAt: number;
  readonly onRefresh: () => void;
}): JSX.Element {
  const { quote, notional, currency, prices, repriced } = review;
  return (
    <Card title="Market" aside={<Age since={askedAt} />}>
      {quote === null ? (
        <p class="unavailable">No quote. The guards that need one block.</p>
      ) : (
        <dl class="quote">
          {(["bid", "ask", "last"] as const).map((side) => (
            <div key={side}>
              <dt>{side}</dt>
              <dd>
                {quote[side] === null ? <Unavailable /> : <Moving value={quote[side]}>{money(quote[side])}</Moving>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p>
        Worth {notional === null ? <Unavailable /> : <strong>{withUnit(notional, currency)}</strong>}
        {prices.map(({ what, price, percent, side }) => (
          <span key={what}>
            {" · "}
            {what} {money(price)}, {grouped(percent)} % from the {side}
          </span>
        ))}
      </p>
      {repriced === null ? null : (
        <p class="dim">
          The protection price followed the market at <Time at={repriced.at} />; it was {money(repriced.from)}.
        </p>
      )}
      {quote === null ? null : (
        <p class="dim small">
          The venue dates its quote <Time at={quote.at} />.
        </p>
      )}
      {review.untrusted.market === null ? null : <Said words={review.untrusted.market} label="from the connector" />}
      <Button kind="quiet" onPress={onRefresh}>
        Ask again <kbd>q</kbd>
      </Button>
    </Card>
  );
}

export function GuardsCard({ review }: { readonly review: Review }): JSX.Element {
  const blocks = blockingChecks(review).length;
  const total = review.checks.length;
  return (
    <Card
      class={blocks === 0 ? "" : "blocked"}
      title={blocks === 0 ? `Guards: all ${total} pass` : `Guards: ${blocks} of ${total} block`}
    >
      <ul class="checks">
        {sortedChecks(review.checks).map((check) => (
          <li key={check.guard} class={check.decision}>
            <b aria-hidden="true">{check.decision === "allow" ? "✓" : "✗"}</b>
            <span>
              <span class="sr">{check.decision === "allow" ? "passes: " : "blocks: "}</span>
              <strong>{check.guard}</strong> <span class="message">{messageAfterKey(check)}</span>
            </span>
            {check.limit === undefined || check.actual === undefined ? null : (
              <span class="limit">
                {grouped(check.actual)} <span class="dim">limit {grouped(check.limit)}</span>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function WordsCard({ reading }: { readonly reading: ReviewReading }): JSX.Element {
  const { review } = reading.shown;
  const { rationale, rejection, problems, names } = review.untrusted;
  return (
    <Card title="Why, in its author’s words">
      <p class="dim">
        {review.proposedBy === null ? "An author without a plain name" : <code>{review.proposedBy}</code>} wrote this.
        It is not the desk’s word, and nothing in it is checked.
      </p>
      {reading.earlierWords === undefined ? null : (
        <EarlierWords words={reading.earlierWords} changedAt={reading.changedAt} />
      )}
      {rationale === null ? (
        <p class="unavailable">No rationale was given.</p>
      ) : (
        <Said words={rationale} label="rationale, written by the author" />
      )}
      {rejection === null ? null : (
        <div>
          <h3>You rejected an equal order before</h3>
          <Said words={rejection} label="your earlier comment" />
        </div>
      )}
      {names === null ? null : <Said words={names} label="names in the file that are not plain names" />}
      {problems === null ? null : <Said words={problems} label="errors of the connector" />}
      <Sources review={review} />
    </Card>
  );
}

interface EarlierWordsProps {
  readonly words: string;
  readonly changedAt: number | undefined;
}

function EarlierWords({ words, changedAt }: EarlierWordsProps): JSX.Element {
  const [isShown, setShown] = useState(true);
  const toggle = (): void => setShown(!isShown);
  useCommand("w", "show or hide the words that you read before", toggle);
  return (
    <div class="earlier">
      <h3>
        What you read before. Its author changed it
        {changedAt === undefined ? "" : " at "}
        {changedAt === undefined ? null : <Time at={changedAt} />}.
      </h3>
      {isShown ? (
        <blockquote tabIndex={0} aria-label="the author’s earlier words">
          {escapeInvisibleInText(words)}
        </blockquote>
      ) : null}
      <Button kind="quiet" onPress={toggle}>
        {isShown ? "Hide" : "Show"} the earlier words <kbd>w</kbd>
      </Button>
      <h3>What it says now</h3>
    </div>
  );
}

function Sources({ review }: { readonly review: Review }): JSX.Element {
  return (
    <details>
      <summary>Read before it was written ({review.sources.length})</summary>
      {review.sources.length === 0 ? (
        <p class="dim">The desk saw no read of its author before it.</p>
      ) : (
        <ul class="sources">
          {review.sources.map((source) => (
            <li key={source}>
              <SaidLine text={source} />
            </li>
          ))}
        </ul>
      )}
      {review.researchRef === null ? null : (
        <p>
          Research: <code>{escapeInvisible(review.researchRef)}</code>
        </p>
      )}
    </details>
  );
}

export function SignedCard({ proposal }: { readonly proposal: Proposal }): JSX.Element {
  const { review, digest, id } = proposal;
  return (
    <Card title="What is signed">
      <dl class="facts">
        <dt>order</dt>
        <dd>
          <code>{id}</code>
        </dd>
        <dt>terms</dt>
        <dd>
          <code class="digest">{digest}</code>
        </dd>
        <dt>file</dt>
        <dd>
          <code>{review.path}</code>
        </dd>
        <dt>proposed</dt>
        <dd>
          <Time at={review.proposedAt} age />
        </dd>
        {review.issue === null ? null : (
          <>
            <dt>issue</dt>
            <dd>{review.issue}</dd>
          </>
        )}
      </dl>
      <p class="dim small">
        Your approval names this order, this digest and this page as you see it. An edited file is another digest, and
        the desk refuses it.
      </p>
    </Card>
  );
}

export function HistoryCard({ order }: { readonly order: ReviewedOrder }): JSX.Element {
  return (
    <Card title="History">
      <ol class="history">
        {order.history.map(({ seq, at, event, state }, index) => (
          <li key={seq}>
            <Time at={at} /> <span>{eventWords(event)}</span>
            {state === order.history[index - 1]?.state || eventWords(event).startsWith(state) ? null : (
              <span class="dim"> {state.replaceAll("_", " ")}</span>
            )}
          </li>
        ))}
      </ol>
      {order.historyCount > order.history.length ? (
        <p class="dim">Not shown: {counted(order.historyCount - order.history.length, "earlier event")}.</p>
      ) : null}
    </Card>
  );
}
