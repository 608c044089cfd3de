/** An order after its decision: what the desk and the venue say, followed until it ends. */
import type { JSX } from "preact";
import { type Actor, actorWords } from "../../domain/authority/actor.ts";
import type { ReviewedOrder } from "../../domain/orders/review-view.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { counted, grouped, money } from "../amounts.ts";
import type { RequestError } from "../desk-client.ts";
import { useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Heading } from "../parts/heading.tsx";
import { ModeTag, StateMark } from "../parts/marks.tsx";
import { Age, ErrorNotice, Notice, type NoticeTone, Said, Shown, Time } from "../parts/texts.tsx";
import { OrderActions } from "../orders/order-actions.tsx";
import { hrefOf } from "../router.ts";
import { HistoryCard } from "./review-cards.tsx";
import { OrderSentence } from "./order-sentence.tsx";

interface OutcomeProps {
  readonly id: string;
  /** What the desk answered to the decision, if it was an error. */
  readonly refusal?: RequestError | undefined;
  /** Another terminal or tab decided, or the file is gone. */
  readonly decidedElsewhere?: boolean;
  /** The reason that the human had begun to write. */
  readonly unsent?: string;
}

export function Outcome({ id, refusal, decidedElsewhere = false, unsent = "" }: OutcomeProps): JSX.Element {
  const question = { command: "orders show", input: { id }, topics: [`order:${id}`, "connector:"] };
  const reading = useReading<ReviewedOrder>(question);
  return (
    <div class="review">
      <Shown reading={reading} what="the order">
        {(order) => (
          <>
            <Heading
              aside={
                <>
                  <StateMark state={order.state} /> <Age since={reading.askedAt.value} />
                </>
              }
            >
              <ModeTag mode={order.terms.mode} /> <OrderSentence order={order} />
            </Heading>
            <OutcomeNotice order={order} decidedElsewhere={decidedElsewhere} />
            {unsent === "" ? null : <UnsentComment text={unsent} />}
            {refusal === undefined ? null : <ErrorNotice error={refusal} title="The desk says:" />}
            <OrderActions order={order} />
            <div class="columns">
              <div>
                <ApprovalCard order={order} />
                <FillsCard order={order} />
              </div>
              <div>
                <VerdictsCard order={order} />
                <HistoryCard order={order} />
              </div>
            </div>
            <p>
              <a href={hrefOf("review")}>The next proposal</a> · <a href={hrefOf("orders")}>All orders</a>
            </p>
          </>
        )}
      </Shown>
    </div>
  );
}

const STAGES: Readonly<Record<string, string>> = {
  propose: "at the proposal",
  approve: "at the approval",
  dispatch: "right before it was sent",
};

const SENTENCES: Readonly<Record<string, readonly [NoticeTone, string, string]>> = {
  proposed: ["info", "It waits for a decision.", ""],
  approved: ["info", "Approved.", "The desk sends it."],
  submitting: ["info", "Sent.", "The venue has not answered yet."],
  accepted: ["info", "The venue accepted it.", "It is not filled yet; this page follows it."],
  partially_filled: ["info", "Filled in part.", "This page follows the rest."],
  filled: ["good", "Filled.", ""],
  cancelled: ["info", "Cancelled.", ""],
  expired: ["info", "Expired.", "The venue ended it without a fill."],
  rejected: ["warn", "Rejected.", ""],
  denied: ["bad", "Denied.", "The desk’s own gate stopped it after the approval; nothing was sent."],
};

function OutcomeNotice({
  order,
  decidedElsewhere,
}: {
  readonly order: ReviewedOrder;
  readonly decidedElsewhere: boolean;
}): JSX.Element {
  if (order.state === "unknown") return <UnknownNotice order={order} />;
  const [tone, title, text] = SENTENCES[order.state] ?? ["info", order.state, ""];
  const [approval] = order.approvals;
  return (
    <Notice tone={tone} title={title} role="status">
      {text}
      {order.state === "rejected" ? ` By the ${order.rejectedBy ?? "desk"}. Nothing is in the market.` : ""}
      {decidedElsewhere ? " It was decided elsewhere while you were reading" : ""}
      {decidedElsewhere && approval !== undefined ? (
        <>
          : approved at <Time at={approval.at} /> by {approverOf(approval)}
        </>
      ) : null}
      {decidedElsewhere ? "." : ""}
      {order.untrusted.reason === null ? null : <Said words={order.untrusted.reason} label="the reason" />}
    </Notice>
  );
}

/** A decision elsewhere takes nothing away that the human wrote. */
function UnsentComment({ text }: { readonly text: string }): JSX.Element {
  return (
    <Notice tone="info" title="What you had written was not sent:">
      <p class="unsent">{text}</p>
      <Button kind="quiet" onPress={() => void navigator.clipboard.writeText(text)}>
        Copy it
      </Button>
    </Notice>
  );
}

function UnknownNotice({ order }: { readonly order: ReviewedOrder }): JSX.Element {
  const { symbol, connector } = order.terms;
  return (
    <Notice tone="warn" title="UNKNOWN." role="alert">
      The venue has not answered. The order will not be sent again. {symbol} at {connector} is blocked until the venue
      answers or you resolve the order by hand.
      {order.untrusted.reason === null ? null : <Said words={order.untrusted.reason} label="the reason" />}
    </Notice>
  );
}

const CHANNEL_WORDS: Readonly<Record<string, string>> = {
  cli: "in a terminal",
  tty: "in a terminal",
  http: "on the page",
};

function approverOf({ by, channel }: ReviewedOrder["approvals"][number]): string {
  return `${actorWords(by as Actor)} ${CHANNEL_WORDS[channel] ?? `(${channel})`}`;
}

export function ApprovalCard({ order }: { readonly order: ReviewedOrder }): JSX.Element {
  return (
    <Card title="Decision">
      {order.approvals.length === 0 ? <p class="dim">It was not approved.</p> : null}
      {order.approvals.map((approval) => (
        <p key={approval.at}>
          Approved by {approverOf(approval)} at <Time at={approval.at} />.<br />
          <code class="digest">{approval.digest}</code>
        </p>
      ))}
      <dl class="facts">
        <dt>proposed</dt>
        <dd>
          <Time at={order.proposedAt} />
          {order.proposedBy === null ? "" : ` by ${order.proposedBy}`}
        </dd>
        <dt>client order id</dt>
        <dd>{order.clientOrderId === null ? "none: not sent" : <code>{order.clientOrderId}</code>}</dd>
        <dt>venue’s id</dt>
        <dd>{order.venueOrderId === null ? "none" : <code>{order.venueOrderId}</code>}</dd>
        {order.flags.length === 0 ? null : (
          <>
            <dt>flags</dt>
            <dd>{order.flags.join(", ").replaceAll("_", " ")}</dd>
          </>
        )}
      </dl>
      {order.untrusted.rationale === null ? null : (
        <details>
          <summary>Why, in its author’s words</summary>
          <Said words={order.untrusted.rationale} label="rationale, written by the author" />
        </details>
      )}
    </Card>
  );
}

/** What the guards said, and when; the reasons of each block. */
function VerdictsCard({ order }: { readonly order: ReviewedOrder }): JSX.Element | null {
  if (order.verdicts.length === 0) return null;
  return (
    <Card title="Guards">
      <ul class="plain">
        {order.verdicts.map(({ at, stage, decision, reasons }) => (
          <li key={`${at} ${stage}`}>
            <Time at={at} />{" "}
            <span class={decision === "allow" ? "tone-good" : "tone-bad"}>
              {decision === "allow" ? "✓ all pass" : "✗ blocked"}
            </span>{" "}
            <span class="dim">{STAGES[stage] ?? stage}</span>
            {(reasons as readonly Check[]).map(({ guard, message }) => (
              <p key={guard} class="small">
                <strong>{guard}</strong> {message}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function FillsCard({ order }: { readonly order: ReviewedOrder }): JSX.Element {
  const hidden = order.fillCount - order.fills.length;
  return (
    <Card
      title="Fills"
      aside={
        <span>
          {grouped(order.filled)} of {grouped(order.terms.quantity)}
          {order.averagePrice === null ? "" : ` at ${money(order.averagePrice)}`}
        </span>
      }
    >
      {order.fills.length === 0 ? <p class="dim">No fill.</p> : null}
      <ul class="plain">
        {order.fills.map((fill, index) => (
          <li key={fill.fillId ?? index}>
            <Time at={fill.time} /> <strong>{grouped(fill.quantity)}</strong> at <strong>{money(fill.price)}</strong>
            {fill.fee === null ? "" : `, fee ${money(fill.fee)} ${fill.feeCurrency ?? ""}`}
            {fill.busted ? <span class="tone-bad"> ✗ busted</span> : null}
            {fill.inferred ? <span class="dim"> inferred</span> : null}
          </li>
        ))}
      </ul>
      {hidden > 0 ? <p class="dim">Not shown: {counted(hidden, "earlier fill")}.</p> : null}
    </Card>
  );
}
