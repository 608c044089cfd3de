/** Agents with access, folded from the journal. */
import { describe, expect, it } from "vitest";
import {
  HTTP_TOKEN_MS,
  agentNameProblem,
  grantedAgent,
  tokenDigest,
} from "../../../src/domain/authority/agent-access.ts";
import type { AgentGranted } from "../../../src/domain/authority/agent-event.ts";
import { scenario } from "../../support/journal-scenario.ts";

function granted(agent: string, token: string) {
  return {
    type: "agent.granted",
    agent,
    client: "claude",
    tokenDigest: tokenDigest(token),
    palette: "default",
    actor: "human",
  } as const;
}

describe("agents in the book", () => {
  it("the state lists the agents that were granted access and not revoked, with their latest token", () => {
    const told = scenario()
      .desk()
      .event(granted("claude", "one"))
      .event(granted("codex", "two"))
      .event(granted("claude", "three"));
    const { agents } = told.state();
    expect([...agents.keys()]).toEqual(["claude", "codex"]);
    expect(agents.get("claude")).toMatchObject({
      client: "claude",
      palette: "default",
      credential: tokenDigest("three"),
    });
    const after = told
      .event({ type: "agent.revoked", agent: "claude", actor: "human" })
      .event({ type: "agent.revoked", agent: "nobody", actor: "human" });
    expect([...after.state().agents.keys()]).toEqual(["codex"]);
  });
});

describe("the end of a token", () => {
  const base = { type: "agent.granted", agent: "a", client: "claude", palette: "default", actor: "human" } as const;
  const digest = tokenDigest("one");

  it.each<[string, Partial<AgentGranted>, number | undefined]>([
    ["a key that is proved has no end", { publicPem: "pem" }, undefined],
    ["a token for HTTP has the end of its record", { tokenDigest: digest, expiresAt: 5_000 }, 5_000],
    ["a token of an earlier version expires after 12 hours", { tokenDigest: digest }, 1_000 + HTTP_TOKEN_MS],
    ["no token for HTTP lasts longer", { tokenDigest: digest, expiresAt: 1e15 }, 1_000 + HTTP_TOKEN_MS],
  ])("%s", (_what, more, expiresAt) => {
    expect(grantedAgent({ ...base, ...more }, 1_000).expiresAt).toBe(expiresAt);
  });
});

describe("an agent's name", () => {
  it.each(["claude", "my-codex-2", "a", `a${"b".repeat(31)}`])("an agent's name may be %j", (name) =>
    expect(agentNameProblem(name)).toBeUndefined(),
  );
  it.each([
    "",
    "Claude",
    "1a",
    "-a",
    "a b",
    "a/b",
    "a\u202eb",
    "ä",
    `a${"b".repeat(32)}`,
    "interactive",
    "run-1",
    "run-",
  ])("an agent's name may not be %j", (name) => expect(agentNameProblem(name)).toBeDefined());
});
