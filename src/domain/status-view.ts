/** The desk's status as commands return it. */
import type { AccountView } from "./account/account-view.ts";
import type { Actor } from "./authority/actor.ts";
import type { ProposalNeed } from "./orders/order-view.ts";
import type { ScheduleOutcome } from "./config/schedule-event.ts";
import type { Untrusted } from "./untrusted.ts";
import type { GuardDecision } from "./orders/verdict.ts";

export interface ConfigNotice {
  readonly kind: "upgrade" | "unreadable" | "waiting" | "restart" | "currency" | "no-guards";
  /** Without names and values of desk.toml. */
  readonly text: string;
  /** The changes that it is about, with their values. */
  readonly changes: readonly string[];
  /** A command to type; null: no command changes it. */
  readonly fix: string | null;
}

/**
 * broken: its file cannot be read. unsigned: no human has signed the file as it is now. Only an active schedule runs.
 */
export type ScheduleState = "active" | "paused" | "disabled" | "unsigned" | "broken";

export interface ScheduleView {
  readonly path: string;
  readonly state: ScheduleState;
  readonly name: string;
  readonly title: string | null;
  readonly task: string | null;
  readonly cron: string | null;
  readonly timezone: string | null;
  readonly missed: string | null;
  readonly skipIfNoOpenIssues: boolean | null;
  readonly timeoutMinutes: number | null;
  /** The digest that a human signs. */
  readonly digest: string | null;
  /** The next due times, ISO; empty unless it is active. */
  readonly next: readonly string[];
  readonly last: {
    readonly due: string | null;
    readonly at: string;
    readonly outcome: ScheduleOutcome;
    readonly reason: string | null;
    readonly run: string | null;
    readonly path: string | null;
  } | null;
  readonly problem: string | null;
  readonly fix: string | null;
}

export interface PendingProposal {
  readonly id: string;
  readonly path: string;
  readonly digest: string | null;
  /** What the guards say now; null if the file cannot be evaluated. */
  readonly decision: GuardDecision | null;
  /** When the guards said it: a slow venue or a desk that is down shows an earlier verdict. */
  readonly checkedAt: string | null;
  /** What the proposal waits for. */
  readonly needs: "approval" | ProposalNeed;
  readonly sentence?: string;
  /** The first reason of a block. */
  readonly reason?: string | undefined;
  /** The problem, with text of the file; null if the proposal waits for approval. */
  readonly untrusted: Untrusted | null;
}

export interface ExternalOrderView {
  readonly connector: string;
  /** null if it is not a plain name. */
  readonly venueOrderId: string | null;
  readonly symbol: string | null;
  readonly side: string | null;
  readonly quantity: string | null;
  readonly limitPrice: string | null;
  /** null if the order cannot be read. */
  readonly filled: string | null;
  /** What cannot be read of the order, such as its state. */
  readonly unreadable: Untrusted | null;
  /** The order of this desk that a human closed. */
  readonly closedHere: string | null;
}

/** A fill or an activity that its connector cannot read, until it is read or a human resolves it. */
export interface UnreadItemView {
  readonly connector: string;
  readonly kind: "fill" | "activity";
  /** What `qoc resolve` takes; null if it is not a plain name. */
  readonly key: string | null;
  readonly symbol: string | null;
  /** Why. */
  readonly untrusted: Untrusted;
}

/** The newest quote of a symbol that a connector streams. */
export interface StreamedQuoteView {
  readonly connector: string;
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly last: string | null;
  /** The venue's time of the price. */
  readonly at: string;
  /** Since the venue last said that it holds; on a simulated market by the venue's clock. */
  readonly ageSeconds: number;
}

export interface StatusView {
  /** When this status was made. */
  readonly at: string;
  readonly workspace: { readonly name: string; readonly path: string };
  readonly up: boolean;
  readonly trading: {
    readonly state: string;
    readonly reason: string;
    /** When it became so; null: at the desk's start, or no record has it. */
    readonly since: string | null;
    /** Who changed it: `human`, `host` or `agent:RUN`. */
    readonly actor: Actor | null;
  };
  /** The port of this start, and that of desk.toml; absent while the desk is down. */
  readonly port?: { readonly open: number; readonly configured: number } | undefined;
  readonly connectors: readonly {
    readonly name: string;
    readonly state: string;
    readonly mode: string;
    readonly restarts: number;
    readonly isolation: string;
    /** Why the connector runs at another level than desk.toml says. */
    readonly isolationReason: string | null;
    /** The comparison with its venue fails, so that its orders are blocked. */
    readonly comparisonFails?: boolean | undefined;
    /** The connector's last error. */
    readonly untrusted: Untrusted | null;
    /** Latency of the latest calls, ms; null before the first call. */
    readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
    readonly queueDepth: number;
    /** Heap in use; null if not known. */
    readonly memoryMb: number | null;
    /** The polls of the connector fail: how often in a row, the last error, and when the next poll is. */
    readonly polls: {
      readonly failures: number;
      readonly nextInSeconds: number;
      readonly untrusted: Untrusted;
    } | null;
    /** The venue asks for a pause: reads are held back until it ends. */
    readonly readPause: { readonly endsInSeconds: number; readonly untrusted: Untrusted } | null;
    /** Malformed fills since the desk started. */
    readonly refusedFills: number;
    /** The date at the venue, if its market is simulated. */
    readonly venueDate: string | null;
    /** What the connector says about its account or its market. */
    readonly notice: Untrusted | null;
  }[];
  readonly proposals: readonly PendingProposal[];
  readonly orders: readonly {
    readonly id: string;
    readonly state: string;
    readonly sentence: string;
    /** For example `missing`: the venue does not know the order that it had acknowledged. */
    readonly flags: readonly string[];
  }[];
  /** Orders that rest at a venue and that this desk did not send, or closed by hand. */
  readonly externalOrders: readonly ExternalOrderView[];
  /** Issues; `untrusted` is the title. */
  readonly issues: readonly {
    readonly id: string;
    readonly path: string;
    readonly status: string;
    readonly untrusted: Untrusted;
  }[];
  readonly inbox: { readonly new: number };
  /** The runtime that works on issues, and the runs that are under way. */
  readonly runs: {
    readonly runtime: string;
    /** True if the agent program is started without a sandbox: it can do what the operator can. */
    readonly unconfined: boolean;
    readonly running: readonly { readonly run: string; readonly issue: string; readonly since: string }[];
  };
  readonly lastRun: {
    readonly run: string;
    readonly issue: string;
    readonly outcome: string;
    readonly summary: string;
    readonly at: string;
  } | null;
  /** Agents with a grant. `lastSeenAt` is null while the desk is down. */
  readonly agents: readonly { readonly agent: string; readonly client: string; readonly lastSeenAt: string | null }[];
  /** Empty for an agent. */
  readonly schedules: readonly ScheduleView[];
  /** Scheduled tasks that wait or run; absent while the desk is down. */
  readonly queue?: readonly {
    readonly schedule: string;
    readonly task: string;
    readonly due: string | null;
    readonly state: "waiting" | "running";
  }[];
  readonly book: AccountView;
  /** What the files of exchange rates have that is not read, with path and line; absent if all is read. */
  readonly rateProblems?: readonly string[] | undefined;
  /** Those of held and ordered symbols first, then those that arrived last; empty while the desk is down. */
  readonly quotes: readonly StreamedQuoteView[];
  readonly flagged: readonly string[];
  /** Why each flagged instrument is blocked; absent if none is. */
  readonly flagReasons?: Readonly<Record<string, string>> | undefined;
  /** Fills and activities that cannot be read, so that their accounts are incomplete; absent if all can be read. */
  readonly unread?: readonly UnreadItemView[] | undefined;
  /** What desk.toml says that is not in force, and other notices of it. */
  readonly config: readonly ConfigNotice[];
  readonly readOnly: string | null;
}

/** Whether the desk can send no order although the operator did not halt it: it cannot write. */
export function isStoppedByReadOnly({ trading, readOnly }: Pick<StatusView, "readOnly" | "trading">): boolean {
  return readOnly !== null && trading.state === "active";
}
