/** Name and mode of the desk, the state of the line, and the halt button: on every page, always at the same place. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { StatusView } from "../../domain/status-view.ts";
import { type TradingAnswer, halt, resume } from "../decisions.ts";
import { counted } from "../amounts.ts";
import { InFlightButton } from "../orders/in-flight.tsx";
import { usePage, useReading } from "../page-context.ts";
import { Ask } from "../parts/ask.tsx";
import { ModeTag } from "../parts/marks.tsx";
import { TradingChange } from "../parts/trading-change.tsx";
import { useSending } from "../sending.ts";
import { STATUS, deskMode, useStatus } from "../status.ts";
import { ageOf, clockOf } from "../times.ts";

export function Header(): JSX.Element {
  const status = useStatus();
  const isHalted = status !== undefined && status.trading.state !== "active";
  const header = useRef<HTMLElement>(null);
  useEffect(() => measured(header.current), []);
  return (
    <header ref={header} class={`top ${isHalted ? "halted" : ""}`}>
      <a class="name" href="#/">
        {status?.workspace.name ?? "Qoc"}
      </a>
      {status === undefined ? null : <ModeTag mode={deskMode(status)} />}
      {isHalted ? <HaltedWords trading={status.trading} /> : null}
      <LineState />
      <InFlightButton />
      <span class="grow" />
      <HaltButton isHalted={isHalted} />
    </header>
  );
}

/** Since when and by whom comes first: a long reason is cut off. */
function HaltedWords({ trading }: Pick<StatusView, "trading">): JSX.Element {
  const { state, reason, since, actor } = trading;
  return (
    <span class="halted-words" title={reason}>
      ■ {state.toUpperCase()}
      {since === null && actor === null ? "" : " "}
      <TradingChange trading={trading} />
      {reason === "" ? "" : `: ${reason}`}
    </span>
  );
}

/** The desk sends something each 15 seconds, and its status is read as often: an older one is not up to date. */
const FRESH_MS = 20_000;

/** What covers a phone begins below the header: the halt button stays. */
function measured(header: HTMLElement | null): (() => void) | undefined {
  if (header === null) return undefined;
  const observer = new ResizeObserver(() =>
    document.documentElement.style.setProperty("--header", `${header.offsetHeight}px`),
  );
  observer.observe(header);
  return () => observer.disconnect();
}

/** The state of the line; and the age of the status, which counts and states all over the page come from. */
function LineState(): JSX.Element {
  const { line, contactAt, now } = usePage();
  const asked = useReading<StatusView>(STATUS).askedAt.value;
  const { state, since } = line.value;
  const isOld = asked !== 0 && now.value - asked > FRESH_MS;
  const words =
    state === "connecting"
      ? "connecting"
      : state === "lost"
        ? `connection lost ${clockOf(since, now.value)}, trying again`
        : isOld
          ? `as of ${ageOf(now.value - asked)} ago`
          : `up to date, ${ageOf(now.value - contactAt.value)}`;
  const isFresh = state === "live" && !isOld;
  return (
    <span class={`line ${isFresh ? "live" : state === "connecting" ? state : "lost"}`} data-since={asked}>
      <b aria-hidden="true">{isFresh ? "●" : "○"}</b> {words}
    </span>
  );
}

/** Halting takes one press. Resuming asks, and takes a reason. */
function HaltButton({ isHalted }: { readonly isHalted: boolean }): JSX.Element {
  const { client, data, announcement, drafts } = usePage();
  const [isAsking, setAsking] = useState(false);
  const { isSending, error, send } = useSending();
  const [tried, setTried] = useState<"halt" | "resume">("halt");
  /** The desk is as the human wanted, whatever the answer was. */
  const isReached = isHalted === (tried === "halt");
  const close = (): void => {
    drafts.drop("resume");
    setAsking(false);
  };
  const change = async (action: typeof tried, work: () => Promise<TradingAnswer>, words: string): Promise<void> => {
    setTried(action);
    await send(async () => {
      const { working } = await work();
      const { length } = working;
      const still = `${counted(length, "order")} still ${length === 1 ? "works" : "work"} at venues.`;
      announcement.value = length === 0 ? words : `${words} ${still}`;
      close();
    });
    data.take({ kind: "changed", topics: ["trading"] });
  };
  return (
    <div class="halt-place">
      {error === undefined || isAsking || isReached ? null : (
        <span class="tone-bad small" role="alert">
          Not {tried === "halt" ? "halted" : "resumed"}: {error.message}. In a terminal: <code>qoc {tried}</code>
        </span>
      )}
      {isHalted ? (
        <button type="button" id="halt" class="button halt" onClick={() => setAsking(true)}>
          Resume…
        </button>
      ) : (
        <button
          type="button"
          id="halt"
          class="button halt"
          aria-disabled={isSending}
          onClick={() => {
            if (!isSending) void change("halt", () => halt(client, "halted on the page"), "Trading is halted.");
          }}
        >
          {isSending ? "Halting…" : "Halt trading"}
        </button>
      )}
      {isAsking ? (
        <Ask
          title="Resume trading"
          field="your reason"
          draft="resume"
          presets={["checked the venue", "it was a test"]}
          action="Resume"
          kind="go"
          error={error}
          isSending={isSending}
          onSend={(reason) => void change("resume", () => resume(client, reason), "Trading is active.")}
          onClose={close}
        >
          <p>New orders pass again. The reason is kept in the journal.</p>
        </Ask>
      ) : null}
    </div>
  );
}
