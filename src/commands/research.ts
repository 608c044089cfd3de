/** inbox list | read | write, research list | write, issues list | new | update. */
import { z } from "zod";
import { digestOf } from "../domain/digest.ts";
import { isDigest } from "../domain/ids.ts";
import { QocError } from "../domain/error.ts";
import { UNNAMED, plainName } from "../domain/untrusted.ts";
import { listInbox, readInboxItem, writeInboxItem } from "../workspace/inbox.ts";
import { pathProblem, plainPath } from "../workspace/path-policy.ts";
import { updateIssue } from "../workspace/issue-update.ts";
import {
  AGENT_STATUSES,
  ISSUE_STATUSES,
  type Issue,
  createIssue,
  listIssues,
  listResearch,
  writeResearch,
} from "../workspace/notes.ts";
import { iso } from "../trading/desk.ts";
import { findIssue } from "../runs/run-issue.ts";
import { refuseAgentsStatus } from "./agent-files.ts";
import { type CommandContext, body, requireDesk } from "./command.ts";
import { readUntrusted, untrustedSchema, untrustedSchemaFor, outsideText } from "./outside.ts";

const none = z.strictObject({});
const INBOX_KINDS = ["fill", "alert", "message", "news", "unreadable"];
const INBOX_STATUSES = ["new", "open", "done", "snoozed", "blocked"];
/** A word of ours as it is; anything else that a file says is "other". */
function knownWord(word: string, known: readonly string[]): string {
  return known.includes(word) ? word : "other";
}

function shownIssue(
  call: CommandContext,
  { id, path, status, priority, symbols, contextFiles, title, body: text }: Issue,
) {
  return {
    id: plainName(id) ?? UNNAMED,
    path: plainPath(path),
    status: knownWord(status, ISSUE_STATUSES),
    priority: knownWord(priority, ["low", "normal", "high", ""]),
    symbols: symbols.filter((symbol) => plainName(symbol) !== null),
    contextFiles: contextFiles.filter((file) => pathProblem(file) === undefined),
    untrusted: { title: outsideText(call, plainPath(path), title), body: outsideText(call, plainPath(path), text) },
  };
}

const written = z.looseObject({ path: z.string(), digest: z.string() });

/** Journals that a command wrote a file (and, of a proposal, what its author had read), and asks for a history commit. */
export async function record(
  call: CommandContext,
  command: string,
  file: { path: string; text: string },
  sources: readonly string[] = [],
): Promise<{ path: string; digest: string }> {
  const { desk } = requireDesk(call);
  const digest = digestOf(file.text);
  const told = sources.length === 0 ? {} : { sources };
  await desk.commit({ type: "file.written", path: file.path, digest, command, actor: call.actor, ...told });
  desk.history.request(`${command} ${file.path}`);
  return { path: file.path, digest };
}

export const inboxList = body({
  input: z.strictObject({ status: z.string().optional() }),
  output: z.array(
    z.object({ path: z.string(), kind: z.string(), status: z.string(), untrusted: untrustedSchemaFor("its title") }),
  ),
  run: async (input, call) => {
    await requireDesk(call).settled();
    const entries = await listInbox(requireDesk(call).desk.disk, requireDesk(call).desk.root, input.status);
    call.sources?.add("inbox list");
    return entries.map(({ path, kind, status, title }) => ({
      path: plainPath(path),
      kind: knownWord(kind, INBOX_KINDS),
      status: knownWord(status, INBOX_STATUSES),
      untrusted: outsideText(call, plainPath(path), title),
    }));
  },
});

export const inboxRead = body({
  input: z.strictObject({ id: z.string() }),
  output: z.object({ path: z.string(), untrusted: untrustedSchema }),
  run: async (input, call) => {
    await requireDesk(call).settled();
    const { path, text } = await readInboxItem(requireDesk(call).desk.disk, requireDesk(call).desk.root, input.id);
    return { path, untrusted: readUntrusted(call, path, text) };
  },
});

export const inboxWrite = body({
  input: z.strictObject({
    title: z.string().min(1).max(200),
    text: z.string().max(60_000),
    kind: z.enum(["message", "alert"]).default("message"),
  }),
  output: written,
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const at = iso(desk.clock.now());
    const file = await writeInboxItem(desk.disk, desk.root, { ...input, at, from: call.actor });
    return record(call, "inbox write", file);
  },
});

export const researchList = body({
  input: none,
  output: z.array(z.object({ path: z.string(), digest: z.string(), bytes: z.number() })),
  run: async (_input, call) => {
    const notes = await listResearch(requireDesk(call).desk.disk, requireDesk(call).desk.root);
    // One whose name no command takes cannot be read either.
    return notes.filter(({ path }) => pathProblem(path) === undefined);
  },
});

export const researchWrite = body({
  input: z.strictObject({ name: z.string(), text: z.string().max(200_000), replaces: z.string().optional() }),
  output: written,
  run: async (input, call) => {
    if (input.replaces !== undefined && !isDigest(input.replaces)) {
      throw new QocError("INVALID_INPUT", {
        command: "research write",
        message: "--replaces takes the digest that was read (sha256:…)",
      });
    }
    const { desk } = requireDesk(call);
    const file = await writeResearch(desk.disk, desk.root, input.name, input.text, input.replaces);
    return record(call, "research write", file);
  },
});

export const issuesList = body({
  input: z.strictObject({ status: z.string().optional() }),
  output: z.array(
    z.object({
      id: z.string(),
      path: z.string(),
      status: z.string(),
      priority: z.string(),
      symbols: z.array(z.string()),
      contextFiles: z.array(z.string()),
      untrusted: z.object({ title: untrustedSchema, body: untrustedSchema }),
    }),
  ),
  run: async (input, call) => {
    const issues = await listIssues(requireDesk(call).desk.disk, requireDesk(call).desk.root);
    call.sources?.add("issues list");
    return issues
      .filter((issue) => input.status === undefined || issue.status === input.status)
      .map((issue) => shownIssue(call, issue));
  },
});

export const issuesNew = body({
  input: z.strictObject({
    title: z.string().min(1).max(200),
    body: z.string().max(60_000).default(""),
    symbols: z.array(z.string().max(60)).max(32).default([]),
    priority: z.enum(["low", "normal", "high"]).default("normal"),
  }),
  output: written,
  run: async (input, call) => {
    const { desk } = requireDesk(call);
    const opened = iso(desk.clock.now()).slice(0, 10);
    return record(call, "issues new", await createIssue(desk.disk, desk.root, { ...input, opened }));
  },
});

export const issuesUpdate = body({
  input: z.strictObject({
    id: z.string(),
    status: z.enum(ISSUE_STATUSES).optional(),
    note: z.string().min(1).max(10_000).optional(),
  }),
  output: written,
  run: async ({ id, status, note }, call) => {
    const invalid = (message: string): never => {
      throw new QocError("INVALID_INPUT", { command: "issues update", message });
    };
    if (status === undefined && note === undefined) invalid("give --status, --note, or both");
    if (status !== undefined && call.actor !== "human" && !AGENT_STATUSES.includes(status)) {
      invalid(`status: an agent may set ${AGENT_STATUSES.join(", ")}`);
    }
    const { desk } = requireDesk(call);
    const { path } = await findIssue(desk, id);
    const permit = (from: string | undefined): void =>
      refuseAgentsStatus("issues update", call.actor, { path, from, to: status });
    const change = { path, at: iso(desk.clock.now()), by: call.actor, status, note, permit };
    return record(call, "issues update", await updateIssue(desk.disk, desk.root, change));
  },
});
