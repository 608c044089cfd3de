/** The review of one proposal: all that a decision needs, on one page. */
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Heading } from "../parts/heading.tsx";
import { ModeTag } from "../parts/marks.tsx";
import { Age, Empty, ErrorNotice, Loading, Notice, SaidLine, Time } from "../parts/texts.tsx";
import { go } from "../router.ts";
import { troublesOf, useStatus, waitingOf } from "../status.ts";
import { useCommand } from "../keyboard.ts";
import { DecisionBar } from "./decision-bar.tsx";
import { OrderSentence } from "./order-sentence.tsx";
import { Outcome } from "./outcome.tsx";
import { BookCard, GuardsCard, HistoryCard, MarketCard, SignedCard, WordsCard } from "./review-cards.tsx";
import { Queue } from "./queue.tsx";
import { ReviewSession } from "./review-session.ts";
import { type Proposal, type ReviewReading, blockingChecks, termChanges } from "./review-state.ts";

export function ReviewPage({ id }: { readonly id: string }): JSX.Element {
  const waiting = waitingOf(useStatus());
  const first = waiting[0]?.id;
  useEffect(() => {
    if (id === "" && first !== undefined) go("review", first);
  }, [id, first]);
  return (
    <div class="with-queue">
      <Queue current={id} />
      {id === "" ? <NothingWaits /> : <OneReview key={id} id={id} />}
    </div>
  );
}

function NothingWaits(): JSX.Element {
  const status = useStatus();
  const troubles = troublesOf(status);
  return (
    <div>
      <Heading>Review</Heading>
      {status === undefined ? (
        <Loading what="the proposals" />
      ) : troubles.length === 0 ? (
        <Empty>
          Nothing waits for you. The desk looked at <Time at={status.at} />. Agents propose orders when they work on an
          issue; <code>qoc orders propose</code> makes one by hand.
        </Empty>
      ) : (
        <Empty>No proposal is known. But {troubles.join(", ")}.</Empty>
      )}
    </div>
  );
}

function OneReview({ id }: { readonly id: string }): JSX.Element {
  const page = usePage();
  const session = useMemo(() => new ReviewSession(page, id), [page, id]);
  useEffect(() => session.open(), [session]);
  const [reading, order, error] = [session.reading.value, session.order.value, session.error.value];
  useCommand("q", "ask for the quote again", () => void session.read());
  if (order !== undefined) return <Outcome id={id} unsent={session.comment.value} />;
  if (session.phase.value === "decided")
    return (
      <Outcome
        id={id}
        refusal={session.refusal.value}
        decidedElsewhere={session.isTooLate}
        unsent={session.isTooLate ? session.comment.value : ""}
      />
    );
  if (reading === undefined)
    return (
      <div>
        <Heading>Review {id}</Heading>
        {error === undefined ? <Loading what="the proposal" /> : <ErrorNotice error={error} title="No review." />}
      </div>
    );
  if (reading.ended !== undefined) return <Outcome id={id} decidedElsewhere unsent={session.comment.value} />;
  return (
    <div class="review">
      <ReviewHead reading={reading} />
      <ReviewNotices session={session} reading={reading} />
      <ReviewBody session={session} reading={reading} />
      <DecisionBar session={session} reading={reading} />
    </div>
  );
}

function ReviewHead({ reading: { shown, changed, askedAt } }: { readonly reading: ReviewReading }): JSX.Element {
  return (
    <Heading
      aside={
        <>
          {changed === undefined ? null : <span class="tone-warn">! its terms changed </span>}
          <Age since={askedAt} />
        </>
      }
    >
      <ModeTag mode={shown.review.mode} /> <OrderSentence order={shown} />
    </Heading>
  );
}

function ReviewNotices({
  session,
  reading,
}: {
  readonly session: ReviewSession;
  readonly reading: ReviewReading;
}): JSX.Element {
  const { review } = reading.shown;
  const blocks = blockingChecks(review);
  const refusal = session.refusal.value;
  const error = session.error.value;
  return (
    <div class="review-notices">
      {blocks.map(({ guard, message }) => (
        <Notice key={guard} tone="bad" title={`${guard} blocks it.`}>
          {message}
        </Notice>
      ))}
      {refusal === undefined ? null : <ErrorNotice error={refusal} title="Nothing was sent." />}
      {error === undefined ? null : <ErrorNotice error={error} title="The review may be old." />}
      {review.warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      {review.target === undefined ? null : (
        <Notice tone="info" title={`${review.target.id} is ${review.target.state.replaceAll("_", " ")}.`}>
          <SaidLine text={review.target.sentence} />, {review.target.filled} filled, {review.target.leaves} left.
        </Notice>
      )}
      {reading.changed === undefined ? null : (
        <ChangedTerms session={session} before={reading.shown} after={reading.changed} />
      )}
    </div>
  );
}

/** Lies over the bar: nothing that is being read moves. */
function ChangedTerms({
  session,
  before,
  after,
}: {
  readonly session: ReviewSession;
  readonly before: Proposal;
  readonly after: Proposal;
}): JSX.Element {
  return (
    <div class="changed-terms" role="alert">
      <strong>The terms changed while you were reading.</strong>
      <ul>
        {termChanges(before, after).map(({ name, before: old, after: now }) => (
          <li key={name}>
            {name}: <s>{old}</s> → <strong>{now}</strong>
          </li>
        ))}
      </ul>
      <Button kind="go" onPress={() => void session.showNewTerms()}>
        Show the new terms
      </Button>
    </div>
  );
}

function ReviewBody({
  session,
  reading,
}: {
  readonly session: ReviewSession;
  readonly reading: ReviewReading;
}): JSX.Element {
  const { shown, askedAt } = reading;
  const { line } = usePage();
  return (
    <div class={`columns ${line.value.state === "live" ? "" : "old"}`} data-as-of={askedAt}>
      <div>
        <BookCard review={shown.review} />
        <MarketCard review={shown.review} askedAt={askedAt} onRefresh={() => void session.read()} />
        <WordsCard reading={reading} />
      </div>
      <div>
        <GuardsCard review={shown.review} />
        <SignedCard proposal={shown} />
        <HistoryCard order={shown} />
      </div>
    </div>
  );
}
