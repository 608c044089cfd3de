/** What `qoc status`, `qoc doctor`, reviews and approvals say about desk.toml. */
import type { ConfigNotice } from "../../domain/status-view.ts";
import type { ConfigChange } from "../../domain/config/config-field.ts";
import { type ErrorCode, QocError } from "../../domain/errors/error.ts";
import { ratePath } from "../../domain/account/exchange-rate.ts";
import { type ConfigStanding, guardsWait } from "./desk-config.ts";
import { isSameCode } from "../../domain/account/currency.ts";
import { shownCurrency } from "../../domain/untrusted.ts";
import { localTime } from "../../gate/calendar.ts";
import type { Desk } from "../desk.ts";
import { rateTable } from "../account/exchange-rates.ts";

/** Receives the notices about desk.toml that go with an action. */
export type NoticeListener = (notices: readonly ConfigNotice[]) => void;

/** The most severe first. `timeOf` formats a time for a person. */
export function configNotices(
  { isPinned, changedAt, waiting, restart, problem }: ConfigStanding,
  { hasGuards, timeOf }: { readonly hasGuards: boolean; readonly timeOf: (at: number) => string },
): readonly ConfigNotice[] {
  const notices: ConfigNotice[] = [];
  if (!isPinned)
    notices.push({
      kind: "upgrade",
      text: "an earlier version made this desk: from now on a change of desk.toml that loosens it needs your signature, and nothing is approved until you sign the file as it is",
      changes: [],
      fix: "qoc reload",
    });
  if (problem !== undefined)
    notices.push({
      kind: "unreadable",
      text: `${problemText(problem)}, so nothing is approved`,
      changes: [problem.message],
      fix: problem.hint,
    });
  if (isPinned && waiting.length > 0)
    notices.push({
      kind: "waiting",
      text: `desk.toml changed at ${timeOf(changedAt ?? 0)} and is not in force`,
      changes: waiting.map(changeText),
      fix: "qoc reload, or put desk.toml back",
    });
  if (restart.length > 0)
    notices.push({
      kind: "restart",
      text: "accepted changes of desk.toml need a restart of the desk",
      changes: restart.map(changeText),
      fix: "qoc down, then qoc up",
    });
  if (!hasGuards)
    notices.push({ kind: "no-guards", text: "no guard is in force: nothing limits an order", changes: [], fix: null });
  return notices;
}

/** Errors of a file that was read, and whose text is wrong. */
const INVALID_FILE: ReadonlySet<ErrorCode> = new Set([
  "CONFIG_INVALID",
  "CONFIG_NOT_YET",
  "CONFIG_SYNTAX",
  "SECRET_LITERAL",
  "OPTION_SECRET",
]);

function problemText({ code }: QocError): string {
  return INVALID_FILE.has(code) ? "desk.toml is not valid" : "desk.toml cannot be read";
}

const VALUE_CHARS = 60;

/** `guard.max-order-nav.max_pct "5" → "10"`, with shortened values. */
export function changeText(change: Pick<ConfigChange, "path" | "before" | "after">): string {
  const [before, after] = [change.before, change.after].map((value) =>
    value !== null && value.length > VALUE_CHARS ? `${value.slice(0, VALUE_CHARS - 1)}…` : value,
  );
  if (before === null) return `${change.path} is new: ${after ?? ""}`;
  return after === null ? `${change.path} is removed` : `${change.path} ${before ?? ""} → ${after ?? ""}`;
}

/**
 * `[account] currency` that no account has, and that no rate of [fx] leads to: every sum would be in a currency that
 * nothing is in. undefined while a connector has not reported its account yet.
 */
export function currencyNotice(desk: Pick<Desk, "clock" | "config" | "state">): ConfigNotice | undefined {
  const { config, state } = desk;
  const { currency, currencyAt = "desk.toml" } = config.account;
  const accounts = config.connectors
    .filter(({ enabled }) => enabled)
    .map(({ name }) => ({ name, currency: state.accounts.get(name)?.account.currency }));
  const [first] = accounts;
  if (first?.currency === undefined) return undefined;
  if (accounts.some((account) => account.currency === undefined || isSameCode(account.currency, currency)))
    return undefined;
  const [table, now] = [rateTable(desk), desk.clock.now()];
  const isConverted = accounts.some(({ name, currency: from = "" }) =>
    ratePath(table, { from, to: currency, now, connector: name, use: "display" }),
  );
  if (isConverted) return undefined;
  const names = accounts.map((account) => `${account.name} is in ${shownCurrency(account.currency ?? "")}`);
  return {
    kind: "currency",
    text: `${currencyAt}: [account] currency is ${currency}, and no account is in ${currency}; sums are by account`,
    changes: names,
    fix: `set currency = "${shownCurrency(first.currency)}" in [account] of desk.toml, then qoc reload, and restart the desk`,
  };
}

/** The notices of a running desk. */
export async function deskNotices(
  desk: Pick<Desk, "clock" | "config" | "configuration" | "state">,
): Promise<readonly ConfigNotice[]> {
  return noticesOf(desk, await desk.configuration.standing());
}

/** The same, for a caller that has read desk.toml. */
export function noticesOf(
  desk: Pick<Desk, "clock" | "config" | "state">,
  standing: ConfigStanding,
): readonly ConfigNotice[] {
  const known = { hasGuards: hasGuards(desk.config), timeOf: localClock };
  const notices = configNotices(standing, known);
  const currency = currencyNotice(desk);
  return currency === undefined ? notices : [...notices, currency];
}

/** In the time zone of this machine, as all times that a person reads. */
function localClock(at: number): string {
  return localTime(at, new Intl.DateTimeFormat().resolvedOptions().timeZone).clock;
}

function hasGuards({ guards }: Pick<Desk["config"], "guards">): boolean {
  return guards.some((guard) => (guard.kind === "custom" ? guard.enabled : guard.options.enabled));
}

/** The notice of a desk that is down and whose desk.toml cannot be read. */
export function unreadableNotices(problem: QocError): readonly ConfigNotice[] {
  const standing = { isPinned: true, changedAt: undefined, waiting: [], restart: [], problem };
  return configNotices(standing, { hasGuards: true, timeOf: String });
}

/** Returns a RULES_CHANGED or CONFIG_NOT_PINNED; undefined: the guards in force are those of desk.toml. */
export function changedRules(standing: ConfigStanding): QocError | undefined {
  if (!standing.isPinned) return new QocError("CONFIG_NOT_PINNED");
  if (!guardsWait(standing)) return undefined;
  const { problem, waiting, changedAt } = standing;
  if (problem !== undefined)
    return new QocError("RULES_CHANGED", {
      reason: `${problemText(problem)}: ${problem.message}`,
      next: "edit desk.toml, then qoc status",
    });
  const guards = waiting.filter(({ path }) => path.startsWith("guard"));
  return new QocError("RULES_CHANGED", {
    reason: `desk.toml changed at ${localClock(changedAt ?? 0)}: ${guards.map(changeText).join("; ")}`,
    next: "put desk.toml in force: qoc reload; or put it back as it was",
  });
}
