/** `qoc doctor` of a desk that is down: why it would not start, and what its journal says. Changes nothing. */
import { noticeText } from "./config/notice-text.ts";
import {
  type AgentFacts,
  type DoctorCheck,
  agentCheck,
  diskCheck,
  nodeCheck,
  noticeStatus,
  pendingChecks,
  scheduleChecks,
  tradingCheck,
} from "./doctor.ts";
import { fileChecks } from "./file-checks.ts";
import { orderFileChecks } from "./projections/order-file-check.ts";
import { QocError } from "../domain/errors/error.ts";
import type { RecordedDesk } from "./recorded-desk.ts";
import type { DeskProcess } from "../workspace/lock.ts";
import { counted } from "../lib/counted.ts";

/** What only the machine can tell about a desk that is down. */
export interface StartFacts {
  readonly nodeVersion: string;
  /** Why the desk cannot write its folder; undefined: it can. */
  readonly folderProblem: string | undefined;
  readonly lockedBy: DeskProcess | undefined;
  readonly isPortFree: boolean;
  /** Why the keys cannot be used; undefined: they can. */
  readonly keyProblem: { readonly message: string; readonly fix: string } | undefined;
  /** Why no file history can be kept; undefined: it can. */
  readonly historyProblem: QocError | undefined;
  readonly agent: AgentFacts;
  /** Why adapters of enabled connectors cannot be loaded. */
  readonly adapterProblems: readonly { readonly connector: string; readonly message: string; readonly fix: string }[];
}

export async function inspectRecordedDesk(
  desk: RecordedDesk,
  facts: StartFacts,
): Promise<{ checks: readonly DoctorCheck[] }> {
  const checks = [
    deskCheck(facts),
    nodeCheck(facts.nodeVersion),
    await diskCheck(desk),
    folderCheck(facts),
    journalCheck(desk),
    ...configChecks(desk),
    portCheck(desk, facts),
    keyCheck(facts),
    historyCheck(desk, facts),
    tradingCheck(desk),
    agentCheck(desk, facts.agent),
    ...(await scheduleChecks(desk)),
    ...(await fileChecks(desk)),
    ...(await orderFileChecks(desk, 0)),
    ...connectorChecks(desk, facts),
    ...pendingChecks(desk),
  ];
  return { checks: checks.map((check) => ({ ...check, fix: desk.fixWhileDown(check.fix) })) };
}

function deskCheck({ lockedBy }: StartFacts): DoctorCheck {
  const name = "desk";
  if (lockedBy === undefined) return { name, status: "warn", message: "it is not up", fix: "qoc up" };
  const { pid, otherFolder } = lockedBy;
  if (otherFolder !== undefined) {
    const { message, hint } = new QocError("DESK_ELSEWHERE", { pid, folder: otherFolder });
    return { name, status: "fail", message, fix: hint };
  }
  return {
    name,
    status: "fail",
    message: `its process ${pid} runs, but its socket does not answer`,
    fix: `kill ${pid}, then qoc up`,
  };
}

const FOLDER_FIX = "make the folder writable for your user, or move the desk to another folder; then qoc up";

function folderCheck({ folderProblem }: StartFacts): DoctorCheck {
  const name = "folder";
  return folderProblem === undefined
    ? { name, status: "ok", message: "the desk can write its folder" }
    : { name, status: "fail", message: folderProblem, fix: FOLDER_FIX };
}

function journalCheck({ readOnly, state }: RecordedDesk): DoctorCheck {
  return readOnly === null
    ? { name: "journal", status: "ok", message: `${counted(state.seq, "record")}, chain intact` }
    : { name: "journal", status: "fail", message: readOnly, fix: "qoc journal verify" };
}

function configChecks({ notices }: RecordedDesk): readonly DoctorCheck[] {
  const name = "desk.toml";
  if (notices.length === 0) return [{ name, status: "ok", message: "can be read; it takes force at the next start" }];
  return notices.map((notice) => ({
    name,
    status: noticeStatus(notice),
    message: noticeText(notice),
    fix: notice.fix ?? undefined,
  }));
}

function portCheck({ config }: RecordedDesk, { isPortFree }: StartFacts): DoctorCheck {
  const { port } = config.workspace;
  return isPortFree
    ? { name: "port", status: "ok", message: `${port} is free` }
    : {
        name: "port",
        status: "fail",
        message: `${port} of this machine is in use`,
        fix: "set another port under [workspace] in desk.toml, then qoc up",
      };
}

function keyCheck({ keyProblem }: StartFacts): DoctorCheck {
  const name = "keys";
  return keyProblem === undefined
    ? { name, status: "ok", message: "the keys of the desk are on this machine" }
    : { name, status: "fail", ...keyProblem };
}

function historyCheck({ config }: RecordedDesk, { historyProblem }: StartFacts): DoctorCheck {
  const name = "history";
  if (!config.workspace.historyEnabled) return { name, status: "skip", message: "history_enabled = false" };
  return historyProblem === undefined
    ? { name, status: "ok", message: "git is installed" }
    : { name, status: "warn", message: historyProblem.message, fix: historyProblem.hint };
}

function connectorChecks({ config }: RecordedDesk, { adapterProblems }: StartFacts): readonly DoctorCheck[] {
  return config.connectors
    .filter(({ enabled }) => enabled)
    .map(({ name: connector }): DoctorCheck => {
      const name = `connector ${connector}`;
      const problem = adapterProblems.find((found) => found.connector === connector);
      return problem === undefined
        ? {
            name,
            status: "ok",
            message: "its adapter can be loaded; whether its venue answers shows when the desk is up",
          }
        : { name, status: "fail", message: problem.message, fix: problem.fix };
    });
}
