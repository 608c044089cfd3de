/** The bar at the bottom of a review. It never moves, and its last line says why the button is off or what it does. */
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { useLostLine, usePage } from "../page-context.ts";
import { Ask } from "../parts/ask.tsx";
import { shareOf, withUnit } from "../amounts.ts";
import { Button } from "../parts/button.tsx";
import { ModeTag, Unavailable } from "../parts/marks.tsx";
import { useStatus } from "../status.ts";
import { type Permission, mustType, needsTerminal, permission, shortDigest } from "./can-approve.ts";
import { OrderSentence } from "./order-sentence.tsx";
import { useQueuePlace } from "./queue.tsx";
import type { ReviewSession } from "./review-session.ts";
import { type ReviewReading, blockingChecks } from "./review-state.ts";

const REASONS = ["too large", "not now", "not convincing"];

function usePermission(session: ReviewSession, reading: ReviewReading): Permission {
  const page = usePage();
  const status = useStatus();
  const { phase, isSettled, typed, refusal } = session;
  return permission({
    reading,
    isLive: page.line.value.state === "live",
    trading: status?.trading.state ?? "active",
    readOnly: status?.readOnly ?? null,
    isSettled: isSettled.value,
    isSending: phase.value !== "reading",
    typed: typed.value,
    age: page.now.value - reading.askedAt,
    answered: refusal.value?.code === "PAGE_NOT_ALLOWED" ? `${refusal.value.message}.` : "",
  });
}

export function DecisionBar({
  session,
  reading,
}: {
  readonly session: ReviewSession;
  readonly reading: ReviewReading;
}): JSX.Element {
  const [isRejecting, setRejecting] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const { isOn, sentence } = usePermission(session, reading);
  const why = useId();
  const { shown } = reading;
  const isSending = session.phase.value === "sending" || session.phase.value === "asking";
  const inTerminal = needsTerminal(shown);
  const cannotReject = useLostLine();
  const verb = shown.review.target?.kind === "cancel" ? "Approve the cancel" : "Approve and send";
  return (
    <>
      <form
        class={`bar ${isOpen ? "open" : ""}`}
        aria-label={`Decide on ${shown.id}`}
        onSubmit={(event) => {
          event.preventDefault();
          if (isOn) void session.approve();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (isOpen) {
            // It closes the sheet, and not the review.
            event.stopPropagation();
            openSheet(session, setOpen, false);
          }
          if (event.target instanceof HTMLInputElement) event.target.blur();
        }}
      >
        <div class="summary">
          <Button kind="plain" onPress={() => openSheet(session, setOpen, !isOpen)}>
            {isOpen ? "‹ Back to the review" : "Decide…"}
          </Button>
          {isOpen ? null : <Stepper id={shown.id} />}
        </div>
        <Sheet reading={reading} />
        <div class="fields">
          {mustType(shown.review) && !inTerminal ? (
            <SymbolField session={session} symbol={shown.terms.symbol} isSending={isSending} />
          ) : (
            <span class="grow">
              {shown.id}, digest <code>{shortDigest(shown.digest)}</code>
            </span>
          )}
          <Button id="reject" off={cannotReject} onPress={() => setRejecting(true)}>
            Reject…
          </Button>
          {inTerminal ? null : (
            <Button kind="go" type="submit" id="approve" off={isOn ? undefined : sentence} describedBy={why}>
              {isSending ? "Sending…" : verb}
            </Button>
          )}
        </div>
        <p class="why" id={why} role="status">
          {sentence}
        </p>
      </form>
      {isRejecting ? <RejectDialog session={session} reading={reading} onClose={() => setRejecting(false)} /> : null}
    </>
  );
}

/** A phone has no queue beside the review. */
function Stepper({ id }: { readonly id: string }): JSX.Element | null {
  const { at, count, step } = useQueuePlace(id);
  if (at === -1) return null;
  return (
    <span class="stepper">
      <span class="small dim">
        {at + 1} of {count} waiting
      </span>
      <Button label="Previous proposal" off={at === 0 ? "It is the first." : undefined} onPress={() => step(-1)}>
        ‹
      </Button>
      <Button label="Next proposal" off={at === count - 1 ? "It is the last." : undefined} onPress={() => step(1)}>
        ›
      </Button>
    </span>
  );
}

/** What a phone shows above the buttons: the order, its worth and the guards, once more. */
function Sheet({ reading }: { readonly reading: ReviewReading }): JSX.Element {
  const { shown } = reading;
  const { review } = shown;
  const blocks = blockingChecks(review).length;
  const { nav, currency } = useStatus()?.book ?? { nav: null, currency: "" };
  const isComparable = nav !== null && review.notional !== null && review.currency === currency;
  const share = isComparable ? shareOf(review.notional.replace("-", ""), nav) : undefined;
  return (
    <div class="sheet">
      <h2>
        <ModeTag mode={review.mode} /> <OrderSentence order={shown} />
      </h2>
      <p>
        Worth {review.notional === null ? <Unavailable /> : withUnit(review.notional, review.currency)}
        {share === undefined ? null : ` · ${share} of NAV`}
        <br />
        {blocks === 0 ? (
          <span class="tone-good">✓ all {review.checks.length} guards pass</span>
        ) : (
          <span class="tone-bad">
            ✗ {blocks} of {review.checks.length} guards block
          </span>
        )}
        <br />
        <code class="digest">{shown.digest}</code>
      </p>
    </div>
  );
}

/** On a phone the bar opens to a sheet, and its buttons pause like after any other change. */
function openSheet(session: ReviewSession, setOpen: (isOpen: boolean) => void, isOpen: boolean): void {
  session.pause();
  setOpen(isOpen);
}

function SymbolField({
  session,
  symbol,
  isSending,
}: {
  readonly session: ReviewSession;
  readonly symbol: string;
  readonly isSending: boolean;
}): JSX.Element {
  const id = useId();
  return (
    <span class="grow">
      <label class="sr" for={id}>
        Type {symbol} to approve
      </label>
      <input
        id={id}
        data-decide
        value={session.typed.value}
        placeholder={`type ${symbol} to approve`}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        readOnly={isSending}
        onInput={(event) => {
          session.typed.value = event.currentTarget.value;
        }}
      />
    </span>
  );
}

function RejectDialog({
  session,
  reading,
  onClose,
}: {
  readonly session: ReviewSession;
  readonly reading: ReviewReading;
  readonly onClose: () => void;
}): JSX.Element {
  const isLost = useLostLine();
  const hasChanged = reading.changed !== undefined ? "The terms changed: close this and read them first." : undefined;
  return (
    <Ask
      title={`Reject ${reading.shown.id}`}
      field="your reason"
      presets={REASONS}
      action="Reject"
      error={session.refusal.value}
      isSending={session.phase.value !== "reading"}
      off={isLost ?? hasChanged}
      draft={session.draft}
      onSend={(comment) => {
        void session.reject(comment).then(() => {
          if (session.phase.peek() === "decided") onClose();
        });
      }}
      onClose={onClose}
    >
      <p>The agent’s next run reads your reason.</p>
    </Ask>
  );
}
