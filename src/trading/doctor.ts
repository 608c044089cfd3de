/** `qoc doctor`: checks with a fix for each failure. Changes nothing. */
import type { ConfigNotice } from "../domain/status-view.ts";
import { messageOf } from "../domain/errors/error.ts";
import { isLost, lostWords } from "../domain/orders/order-flags.ts";
import { ownWords } from "../domain/market/own-words.ts";
import { accountOwner } from "./account/account-owner.ts";
import { deskNotices } from "./config/config-notices.ts";
import { noticeText } from "./config/notice-text.ts";
import type { Desk } from "./desk.ts";
import { fileChecks } from "./file-checks.ts";
import { type GapRange, gapLabel } from "../domain/authority/journal-head.ts";
import { quoteForShell } from "../lib/shell.ts";
import { describeGap } from "./audit/journal-gap.ts";
import { scheduleViews } from "./config/schedule-views.ts";
import { droppedText } from "../host/unknown-members.ts";
import { orderFileChecks } from "./projections/order-file-check.ts";
import { FREE_BYTES_MIN, FREE_FILES_MIN } from "../gate/checks/journal-health.ts";
import { lostGuarantees } from "./market/venue-gateway.ts";
import { counted } from "../lib/counted.ts";

export interface DoctorCheck {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail" | "skip";
  readonly message: string;
  readonly fix?: string | undefined;
}

/** A cancel that its venue took is expected to end the order within this time. */
const CANCEL_AGE_MS = 10_000;
const PENDING_AGE_MS = 24 * 60 * 60 * 1000;

/** Whether the configured agent program can be started and confined on this machine. */
export interface AgentFacts {
  /** The program's name; undefined for the scripted demo agent. */
  readonly program: string | undefined;
  readonly isInstalled: boolean;
  readonly hasBubblewrap: boolean;
}

export async function runDoctor(
  desk: Desk,
  nodeVersion: string,
  agent: AgentFacts,
): Promise<{ checks: readonly DoctorCheck[] }> {
  return {
    checks: [
      nodeCheck(nodeVersion),
      await diskCheck(desk),
      journalCheck(desk),
      anchorCheck(desk),
      historyCheck(desk),
      tradingCheck(desk, desk.record.gap()),
      ...(await configChecks(desk)),
      await keyCheck(desk),
      agentCheck(desk, agent),
      ...guardChecks(desk),
      ...(await scheduleChecks(desk)),
      ...(await fileChecks(desk)),
      ...(await orderFileChecks(desk)),
      ...desk.venues.status().flatMap((status) => connectorChecks(desk, status)),
      ...pendingChecks(desk),
      ...[...desk.state.disputes].map(([key, disputes]): DoctorCheck => ({
        name: "fills",
        status: "fail",
        message: `${key}: ${disputes.length === 1 ? "1 fill does not fit its order" : `${disputes.length} fills do not fit their orders`}; the instrument is blocked`,
        fix: `compare with the venue's own page, then qoc resolve ${quoteForShell(key)} -m "what you saw"`,
      })),
      ...[...desk.state.flagged].map(([key, { expected, actual }]): DoctorCheck => ({
        name: "positions",
        status: "fail",
        message: `${key}: our fills sum to ${expected}, the venue reports ${actual}; the instrument is blocked`,
        fix: `compare with the venue's own page, then qoc resolve ${quoteForShell(key)} -m "what you saw"`,
      })),
    ],
  };
}

export function nodeCheck(version: string): DoctorCheck {
  const major = Number(version.split(".")[0]);
  if (major >= 22) return { name: "node", status: "ok", message: `Node ${version}` };
  const message = `Node ${version} works, but it is past its end of life`;
  return { name: "node", status: "warn", message, fix: "install Node 24 LTS" };
}

export async function diskCheck(desk: Pick<Desk, "workspace">): Promise<DoctorCheck> {
  try {
    const { bytes, files } = await desk.workspace.freeSpace();
    const megabytes = Math.floor(bytes / 1_000_000);
    if (bytes < FREE_BYTES_MIN)
      return {
        name: "disk",
        status: "fail",
        message: `${megabytes} MB free; orders need 100 MB`,
        fix: "free some space",
      };
    if (files !== undefined && files < FREE_FILES_MIN) {
      const message = `the disk takes ${counted(files, "more file")} (inodes); orders need ${FREE_FILES_MIN}`;
      return { name: "disk", status: "fail", message, fix: "remove files that are not needed; df -i shows them" };
    }
    return { name: "disk", status: "ok", message: `${megabytes} MB free` };
  } catch (error) {
    return { name: "disk", status: "fail", message: messageOf(error), fix: "check the disk of the workspace" };
  }
}

function journalCheck(desk: Pick<Desk, "readOnly" | "state">): DoctorCheck {
  const problem = desk.readOnly();
  return problem === undefined
    ? { name: "journal", status: "ok", message: `${counted(desk.state.seq, "record")}, chain intact at start` }
    : { name: "journal", status: "fail", message: problem, fix: "qoc journal verify" };
}

/** Whether the journal's newest head is kept outside the folder. */
function anchorCheck(desk: Pick<Desk, "record" | "state">): DoctorCheck {
  const name = "anchor";
  const gap = desk.record.gap();
  if (gap !== undefined) {
    const fix = `restore the journal from a backup, or: qoc resume --gap ${gapLabel(gap)}`;
    return { name, status: "fail", message: describeGap(gap), fix };
  }
  const facts = desk.record.anchor();
  if (facts === undefined) return { name, status: "skip", message: "a corrupt journal is not anchored" };
  if (facts.failure !== undefined)
    return {
      name,
      status: "fail",
      message: facts.failure,
      fix: "check the free space and the permissions of ~/.qoc/keys",
    };
  const { head } = facts;
  return head === undefined
    ? { name, status: "warn", message: "the journal is not anchored yet" }
    : { name, status: "ok", message: `record ${head.seq} of ${desk.state.seq} is signed and kept outside the folder` };
}

function historyCheck(desk: Pick<Desk, "config" | "history">): DoctorCheck {
  if (!desk.config.workspace.historyEnabled)
    return { name: "history", status: "skip", message: "history_enabled = false" };
  const { unavailable } = desk.history;
  if (unavailable !== undefined)
    return { name: "history", status: "warn", message: unavailable.message, fix: unavailable.hint };
  const problem = desk.history.problem();
  if (problem === "") return { name: "history", status: "ok", message: "git keeps the file history" };
  const fix = "move these files out of the folder, or name them in .gitignore";
  return { name: "history", status: "warn", message: `some files are not in the history: ${problem}`, fix };
}

/** Broken files, files that no human has signed, and due times that led to nothing. */
export async function scheduleChecks(
  desk: Pick<Desk, "clock" | "config" | "state" | "workspace">,
): Promise<readonly DoctorCheck[]> {
  const name = "schedules";
  const views = await scheduleViews(desk);
  const checks = views.flatMap(({ name: schedule, problem, fix, last, state }): readonly DoctorCheck[] => {
    if (problem !== null)
      return [{ name, status: state === "broken" ? "fail" : "warn", message: problem, fix: fix ?? "" }];
    if (state !== "active" || last?.outcome !== "failed") return [];
    const message = `${schedule}: its last task failed${last.reason === null ? "" : `: ${last.reason}`}`;
    return [{ name, status: "warn", message, fix: `qoc schedules list; qoc schedules run ${schedule}` }];
  });
  const active = views.filter(({ state }) => state === "active").length;
  return checks.length > 0 || views.length === 0
    ? checks
    : [{ name, status: "ok", message: `${active} of ${views.length} active` }];
}

/** While the journal lacks records, a resume is refused until a human accepts the gap. */
export function tradingCheck(desk: Pick<Desk, "state">, gap?: GapRange): DoctorCheck {
  const { state, reason } = desk.state.trading;
  if (state === "active") return { name: "trading", status: "ok", message: "active" };
  const accept = gap === undefined ? "" : `qoc resume --gap ${gapLabel(gap)}; then: `;
  return { name: "trading", status: "warn", message: `${state}: ${reason}`, fix: `${accept}qoc resume` };
}

async function configChecks(
  desk: Pick<Desk, "clock" | "config" | "configuration" | "state">,
): Promise<readonly DoctorCheck[]> {
  const notices = await deskNotices(desk);
  if (notices.length === 0) return [{ name: "desk.toml", status: "ok", message: "in force as it is on disk" }];
  return notices.map((notice): DoctorCheck => ({
    name: "desk.toml",
    status: noticeStatus(notice),
    message: noticeText(notice),
    fix: notice.fix ?? undefined,
  }));
}

export function noticeStatus({ kind }: ConfigNotice): DoctorCheck["status"] {
  return ["restart", "no-guards", "currency"].includes(kind) ? "warn" : "fail";
}

async function keyCheck(desk: Pick<Desk, "authority" | "venues">): Promise<DoctorCheck> {
  // An adapter that was not loaded yet has no methods, and its mode is not known.
  const live = desk.venues
    .status()
    .some(({ mode, orders, methods }) => orders && (mode === "live" || (mode === "unstated" && methods.length > 0)));
  if (await desk.authority.hasLiveKey())
    return { name: "key", status: "ok", message: "the live key is under a passphrase" };
  return live
    ? {
        name: "key",
        status: "fail",
        message: "a connector that is not paper is enabled, and this desk has no live key",
        fix: "qoc keys protect",
      }
    : { name: "key", status: "ok", message: "this desk has no live key; paper orders need none" };
}

/** Where the custom guards run; nothing on a desk without any. */
function guardChecks({ config, guards }: Pick<Desk, "config" | "guards">): readonly DoctorCheck[] {
  const custom = config.guards.filter((guard) => guard.kind === "custom").filter(({ enabled }) => enabled);
  if (custom.length === 0) return [];
  const where = guards.level === "process" ? "a process of their own, beside a live connector" : "a thread of the desk";
  return [{ name: "guards", status: "ok", message: `${custom.map(({ key }) => key).join(", ")} run in ${where}` }];
}

export function agentCheck(
  desk: Pick<Desk, "config">,
  { program, isInstalled, hasBubblewrap }: AgentFacts,
): DoctorCheck {
  const name = "agent";
  const { runtime, unconfined } = desk.config.agent;
  if (program === undefined) return { name, status: "ok", message: "the scripted demo agent; it uses no model" };
  if (!isInstalled) {
    return {
      name,
      status: "fail",
      message: `${program} is not on the desk's PATH`,
      fix: `install it, or set [agent] command = ["/path/of/${program}"]`,
    };
  }
  if (hasBubblewrap) return { name, status: "ok", message: `${runtime}: ${program}, inside bubblewrap` };
  const fix = "install bubblewrap";
  if (runtime !== "acp" && runtime !== "command")
    return { name, status: "warn", message: `${runtime}: not sandboxed; relies on the program's own settings`, fix };
  return unconfined
    ? { name, status: "warn", message: `${runtime}: unconfined; it can do what you can do`, fix }
    : { name, status: "fail", message: `${runtime}: may run commands or edit files, and no sandbox is available`, fix };
}

function connectorChecks(
  desk: Pick<Desk, "config" | "market" | "state">,
  status: ReturnType<Desk["venues"]["status"]>[number],
): readonly DoctorCheck[] {
  const name = `connector ${status.name}`;
  const latency =
    status.latencyMs === undefined
      ? ""
      : `, p50 ${status.latencyMs.p50.toFixed(1)} ms, p99 ${status.latencyMs.p99.toFixed(1)} ms`;
  const memory = status.memoryMb === undefined ? "" : `, ${status.memoryMb.toFixed(0)} MB`;
  const queue =
    status.queueDepth === undefined || status.queueDepth === 0
      ? ""
      : `, ${counted(status.queueDepth, "call waits", "calls wait")}`;
  const level = `${status.isolation}${status.isolationReason === undefined ? "" : ` (${status.isolationReason})`}`;
  const facts = `${status.state}, ${status.mode}, ${level}, ${counted(status.restarts, "restart")}${latency}${queue}${memory}`;
  const isUp = status.state === "ready";
  const checks: DoctorCheck[] = [
    isUp || status.state === "starting"
      ? { name, status: isUp ? "ok" : "warn", message: facts }
      : {
          name,
          status: "fail",
          message: `${facts}${status.lastError === undefined ? "" : `: ${ownWords(status.name, status.lastError.split("\n")[0] ?? "")}`}`,
          fix: `qoc logs --connector ${status.name}`,
        },
  ];
  const owner = accountOwner(desk, status.name);
  const shared = `it reaches the same account as ${owner}, which counts once`;
  if (owner !== status.name) checks.push({ name, status: "warn", message: shared, fix: "remove one from desk.toml" });
  const lost = lostGuarantees(status);
  if (isUp && lost.length > 0)
    checks.push({ name, status: "warn", message: lost.join("; "), fix: "add the optional methods to the adapter" });
  if (isUp && status.mode === "unstated" && status.orders) {
    checks.push({
      name,
      status: "warn",
      message: "it does not state whether it is paper or live",
      fix: `set mode = "paper" or "live" for it in desk.toml`,
    });
  }
  if (isUp && status.mode === "live" && status.isolation === "worker") {
    checks.push({
      name,
      status: "warn",
      message: "live money in a worker thread: one huge allocation can end the desk",
      fix: `set isolation = "process" for it in desk.toml`,
    });
  }
  if (isUp && status.sandboxProblem !== undefined) {
    checks.push({
      name,
      status: "warn",
      message: `its process is not inside bubblewrap: ${status.sandboxProblem}`,
      fix: "install bubblewrap",
    });
  }
  checks.push(...bookChecks(desk, status));
  if (isUp && !desk.market.reconciled.has(status.name)) checks.push(reconcileCheck(desk, status.name));
  return checks;
}

function reconcileCheck({ market }: Pick<Desk, "market">, connector: string): DoctorCheck {
  const name = `connector ${connector}`;
  const reason = market.reconcileProblems.get(connector);
  if (reason === undefined) return { name, status: "warn", message: "not reconciled yet" };
  const message = `its orders are blocked, because it could not be compared with its venue: ${reason}`;
  return { name, status: "fail", message, fix: `qoc logs --connector ${connector}` };
}

/** What the desk could not take from the connector. */
function bookChecks(
  desk: Pick<Desk, "market" | "state">,
  status: ReturnType<Desk["venues"]["status"]>[number],
): readonly DoctorCheck[] {
  const name = `connector ${status.name}`;
  const checks: DoctorCheck[] = [];
  const { unvalued = [] } = desk.state.accounts.get(status.name)?.account ?? {};
  if (unvalued.length > 0) {
    checks.push({
      name,
      status: "warn",
      message: `${unvalued.map(({ symbol }) => symbol).join(", ")}: no value, so the NAV leaves that out`,
      fix: "add getAccount to the adapter, or return markPrice in the currency of the account",
    });
  }
  if (status.refusedFills !== undefined && status.refusedFills > 0) {
    checks.push({
      name,
      status: "fail",
      message: `${counted(status.refusedFills, "malformed fill was", "malformed fills were")} refused`,
      fix: `correct the adapter: qoc logs --connector ${status.name}`,
    });
  }
  for (const dropped of status.unknownMembers ?? [])
    checks.push({ name, status: "warn", message: droppedText(dropped), fix: "remove the member from the adapter" });
  const trouble = desk.market.polls.trouble(status.name);
  if (trouble !== undefined) {
    const message = `${counted(trouble.failures, "poll")} in a row failed, the next is in ${Math.ceil(desk.market.polls.waitMs(status.name) / 1000)} s: ${trouble.reason}`;
    checks.push({ name, status: "warn", message, fix: `qoc logs --connector ${status.name}` });
  }
  return checks;
}

export function pendingChecks(desk: Pick<Desk, "clock" | "state">): readonly DoctorCheck[] {
  const now = desk.clock.now();
  const old = [...desk.state.proposed.values()].filter((order) => now - order.proposedAt > PENDING_AGE_MS);
  const missing = [...desk.state.inFlight.values()].filter(({ flags }) => isLost(flags));
  const { inFlight, cancels } = desk.state;
  const cancelling = [...inFlight.values()].flatMap(({ id, state, cancelRequested }) => {
    const since = cancelRequested === undefined ? 0 : now - cancelRequested.at;
    return since > CANCEL_AGE_MS && state !== "unknown" ? [{ id, state, since }] : [];
  });
  const unknown = [...inFlight.values(), ...cancels.values()].filter((order) => order.state === "unknown");
  return [
    ...(old.length === 0
      ? []
      : [
          {
            name: "proposals",
            status: "warn" as const,
            message: `${old.length} have waited more than a day`,
            fix: "qoc orders list --state proposed",
          },
        ]),
    ...missing.map(({ id, terms, flags }) => ({
      name: "orders",
      status: "fail" as const,
      message: `${id} at ${terms.connector}: ${lostWords(flags) ?? ""}; the venue had acknowledged it, and it reserves its money`,
      fix: `compare with the venue's own page, then qoc resolve ${id} -m "what you saw"`,
    })),
    ...cancelling.map(({ id, state, since }) => ({
      name: "cancel",
      status: "warn" as const,
      message: `${id}: a cancel was requested ${Math.round(since / 1000)} s ago, and the venue says ${state}`,
      fix: `compare with the venue's own page, then: qoc cancel ${id}`,
    })),
    ...unknown.map((order) => ({
      name: "unknown",
      status: "fail" as const,
      message: `${order.id}: ${order.unknownReason ?? ""}`,
      fix: `qoc orders show ${order.id}; look it up at the venue, then qoc resolve ${order.id} -m "what you saw"`,
    })),
  ];
}
