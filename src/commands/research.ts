/** inbox list | read | write, research list | write, issues list | new | update. */
import { z } from "zod";
import { digestOf } from "../domain/digest.ts";
import { isDigest } from "../domain/ids.ts";
import { QocError } from "../domain/error.ts";
import { listInbox, readInboxItem, writeInboxItem } from "../workspace/inbox.ts";
import { updateIssue } from "../workspace/issue-update.ts";
import { ISSUE_STATUSES, createIssue, listIssues, listResearch, writeResearch } from "../workspace/notes.ts";
import { iso } from "../desk/desk.ts";
import { findIssue } from "../desk/run.ts";
import { type CallContext, body, hot } from "./command.ts";

const none = z.strictObject({});
const written = z.looseObject({ path: z.string(), digest: z.string() });

/** Journals that a command wrote a file, and asks for a history commit. */
export const record = async (
  call: CallContext,
  command: string,
  file: { path: string; text: string },
): Promise<{ path: string; digest: string }> => {
  const { desk } = hot(call);
  const digest = digestOf(file.text);
  await desk.publish({ type: "file.written", path: file.path, digest, command, actor: call.actor }, { durable: true }).committed;
  desk.history.request(`${command} ${file.path}`);
  return { path: file.path, digest };
};

export const inboxList = body({
  input: z.strictObject({ status: z.string().optional() }),
  output: z.array(z.looseObject({ path: z.string(), kind: z.string(), status: z.string() })),
  run: async (input, call) => {
    await hot(call).settled();
    return listInbox(hot(call).desk.disk, hot(call).desk.root, input.status);
  },
});

export const inboxRead = body({
  input: z.strictObject({ id: z.string() }),
  output: z.looseObject({ path: z.string(), text: z.string() }),
  run: async (input, call) => {
    await hot(call).settled();
    return readInboxItem(hot(call).desk.disk, hot(call).desk.root, input.id);
  },
});

export const inboxWrite = body({
  input: z.strictObject({ title: z.string().min(1).max(200), text: z.string().max(60_000), kind: z.enum(["message", "alert"]).default("message") }),
  output: written,
  run: async (input, call) => {
    const { desk } = hot(call);
    const at = iso(desk.clock.now());
    const file = await writeInboxItem(desk.disk, desk.root, { ...input, at, from: call.actor });
    return record(call, "inbox write", file);
  },
});

export const researchList = body({
  input: none,
  output: z.array(z.looseObject({ path: z.string(), digest: z.string() })),
  run: (_input, call) => listResearch(hot(call).desk.disk, hot(call).desk.root),
});

export const researchWrite = body({
  input: z.strictObject({ name: z.string(), text: z.string().max(200_000), replaces: z.string().optional() }),
  output: written,
  run: async (input, call) => {
    if (input.replaces !== undefined && !isDigest(input.replaces)) {
      throw new QocError("INVALID_INPUT", { command: "research write", message: "--replaces takes the digest that was read (sha256:…)" });
    }
    const { desk } = hot(call);
    const file = await writeResearch(desk.disk, desk.root, input.name, input.text, input.replaces);
    return record(call, "research write", file);
  },
});

export const issuesList = body({
  input: z.strictObject({ status: z.string().optional() }),
  output: z.array(z.looseObject({ id: z.string(), path: z.string(), title: z.string(), status: z.string() })),
  run: async (input, call) => {
    const issues = await listIssues(hot(call).desk.disk, hot(call).desk.root);
    return issues.filter((issue) => input.status === undefined || issue.status === input.status);
  },
});

export const issuesNew = body({
  input: z.strictObject({
    title: z.string().min(1).max(200),
    body: z.string().max(60_000).default(""),
    symbols: z.array(z.string()).default([]),
    priority: z.enum(["low", "normal", "high"]).default("normal"),
  }),
  output: written,
  run: async (input, call) => {
    const { desk } = hot(call);
    const opened = iso(desk.clock.now()).slice(0, 10);
    return record(call, "issues new", await createIssue(desk.disk, desk.root, { ...input, opened }));
  },
});

/** What an agent may say of a task; opening, drafting and calling one off are the human's. */
const AGENT_STATUSES: readonly string[] = ["in-progress", "review", "done", "blocked"];

export const issuesUpdate = body({
  input: z.strictObject({ id: z.string(), status: z.enum(ISSUE_STATUSES).optional(), note: z.string().min(1).max(10_000).optional() }),
  output: written,
  run: async ({ id, status, note }, call) => {
    const invalid = (message: string): never => {
      throw new QocError("INVALID_INPUT", { command: "issues update", message });
    };
    if (status === undefined && note === undefined) invalid("give --status, --note, or both");
    if (status !== undefined && call.actor !== "human" && !AGENT_STATUSES.includes(status)) {
      invalid(`status: an agent may set ${AGENT_STATUSES.join(", ")}`);
    }
    const { desk } = hot(call);
    const { path } = await findIssue(desk, id);
    const change = { path, at: iso(desk.clock.now()), by: call.actor, status, note };
    return record(call, "issues update", await updateIssue(desk.disk, desk.root, change));
  },
});
