/** Small marks of state: always a sign and a word, and a colour besides. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { money, signOf } from "../amounts.ts";
import { usePage } from "../page-context.ts";

const MODE_WORDS: Readonly<Record<string, string>> = { paper: "PAPER", live: "LIVE", unstated: "MODE UNSTATED" };

export function ModeTag({ mode }: { readonly mode: string }): JSX.Element {
  return <span class={`tag mode-${mode}`}>{MODE_WORDS[mode] ?? mode.toUpperCase()}</span>;
}

type Tone = "good" | "bad" | "warn" | "busy" | "quiet";

const STATE_MARKS: Readonly<Record<string, readonly [string, Tone]>> = {
  proposed: ["◇", "busy"],
  approved: ["◆", "busy"],
  submitting: ["…", "busy"],
  unknown: ["?", "warn"],
  accepted: ["○", "busy"],
  partially_filled: ["◐", "busy"],
  filled: ["●", "good"],
  cancelled: ["–", "quiet"],
  expired: ["–", "quiet"],
  rejected: ["✗", "bad"],
  denied: ["✗", "bad"],
  running: ["◐", "busy"],
  done: ["●", "good"],
  failed: ["✗", "bad"],
  ready: ["●", "good"],
  orders_blocked: ["✗", "bad"],
  starting: ["…", "busy"],
  restarting: ["…", "busy"],
  degraded: ["◐", "warn"],
  unresponsive: ["?", "warn"],
  quarantined: ["✗", "bad"],
  zombie: ["✗", "bad"],
  stopped: ["–", "quiet"],
  active: ["●", "good"],
  "read-only": ["✗", "bad"],
  reducing: ["◐", "warn"],
  halted: ["■", "bad"],
};

/** The state of an order, a connector or of trading, with its sign. */
export function StateMark({ state }: { readonly state: string }): JSX.Element {
  const [sign, tone] = STATE_MARKS[state] ?? ["·", "quiet"];
  return (
    <span class={`state tone-${tone}`}>
      <b aria-hidden="true">{sign}</b> {state.replaceAll("_", " ")}
    </span>
  );
}

interface ConnectorMarkProps {
  readonly state: string;
  /** The desk and its venue could not be compared, so that its orders are blocked. */
  readonly comparisonFails?: boolean | undefined;
}

/** The state of a connector, and whether its orders are blocked although it answers. */
export function ConnectorMark({ state, comparisonFails = false }: ConnectorMarkProps): JSX.Element {
  return (
    <>
      <StateMark state={state} /> {comparisonFails ? <StateMark state="orders_blocked" /> : null}
    </>
  );
}

export function SideWord({ side }: { readonly side: string }): JSX.Element {
  return <b class={`side side-${side}`}>{side.toUpperCase()}</b>;
}

/** A gain or a loss. */
export function Change({ amount, unit }: { readonly amount: string | null; readonly unit: string }): JSX.Element {
  if (amount === null) return <Unavailable />;
  const sign = signOf(amount);
  const tone = sign === 0 ? "flat" : sign === 1 ? "gain" : "loss";
  return (
    <span class={`change ${tone}`}>
      <b aria-hidden="true">{sign === 0 ? "" : sign === 1 ? "▲ " : "▼ "}</b>
      {sign === 1 ? "+" : ""}
      {money(amount)} <span class="unit">{unit}</span>
    </span>
  );
}

/** The mark of a change stays so long. */
const MOVED_MS = 3_000;

/** A value that moves in place while it is read: a dot beside it says so for a while. */
export function Moving({
  value,
  children,
}: {
  readonly value: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { browser } = usePage();
  const before = useRef(value);
  const [isMoved, setMoved] = useState(false);
  useEffect(() => {
    if (before.current === value) return undefined;
    before.current = value;
    setMoved(true);
    return browser.after(MOVED_MS, () => setMoved(false));
  }, [browser, value]);
  return <span class={isMoved ? "moved" : undefined}>{children}</span>;
}

export function Unavailable(): JSX.Element {
  return <span class="unavailable">unavailable</span>;
}

export function Count({ value, what }: { readonly value: number; readonly what: string }): JSX.Element | null {
  return value === 0 ? null : (
    <span class="count">
      {value}
      <span class="sr"> {what}</span>
    </span>
  );
}
