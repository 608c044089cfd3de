/** Redaction of secrets in each encoding in which a program may write them. */
import { describe, expect, it } from "vitest";
import { openSecretStore } from "../../src/host/secrets.ts";
import { createMessageValidator } from "../../src/host/message-validator.ts";
import { fakeClock } from "../support/fake-clock.ts";

const SECRET = "p@ss w(o)rd+/=?'!~key";
const LONGER = `${SECRET}-and-more`;

async function openTestStore() {
  const env: Record<string, string | undefined> = { A: SECRET, B: LONGER };
  const store = openSecretStore({} as never, env);
  await store.resolve("venue", { a: { env: "A" }, b: { env: "B" } });
  return { ...store, env };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("a resolved secret", () => {
  it.each([
    ["as it is", SECRET],
    ["in base64", base64(SECRET)],
    ["in base64 after one byte", base64(`u${SECRET}`)],
    ["in base64 after two bytes", base64(`u:${SECRET}`)],
    ["in base64 between other bytes", base64(`me:${SECRET}:x`)],
    ["in base64 for URLs", Buffer.from(`u:${SECRET}`).toString("base64url")],
    ["in hex", Buffer.from(SECRET).toString("hex")],
    ["in capital hex", Buffer.from(SECRET).toString("hex").toUpperCase()],
    ["in a URL", encodeURIComponent(SECRET)],
    [
      "in a URL, with every special character encoded",
      new URLSearchParams({ key: SECRET }).toString().replaceAll("+", "%20"),
    ],
    ["in base64 in a URL", encodeURIComponent(base64(`u:${SECRET}`))],
    ["in a form", new URLSearchParams({ key: SECRET }).toString()],
    ["in JSON", JSON.stringify({ key: SECRET })],
  ])("%s is redacted", async (_name, text) => {
    const { redact } = await openTestStore();
    const redacted = redact(`before ${text} after`);
    expect(redacted).toContain("[secret]");
    // At each end of a base64 text, less than one character of the value may remain.
    const remaining = redacted.replace("[secret]", "").replace(/^before | after$/g, "");
    expect(Buffer.from(remaining, "base64").toString()).not.toContain(SECRET.slice(1, -1));
    expect(redacted).not.toContain(SECRET);
  });

  it("whose base64 has special characters is redacted in URLs", async () => {
    const { redact, resolve } = openSecretStore({} as never, { A: "key???>>>" });
    await resolve("venue", { a: { env: "A" } });
    for (const text of ["a2V5Pz8/Pj4+", "a2V5Pz8_Pj4-", "a2V5Pz8%2FPj4%2B"]) expect(redact(text)).toBe("[secret]");
  });

  it("that is part of a longer secret is redacted with the whole longer secret", async () => {
    expect((await openTestStore()).redact(`x ${LONGER} y`)).toBe("x [secret] y");
  });

  it("is deleted from the environment", async () => {
    expect((await openTestStore()).env).toEqual({});
  });
});

it("the sample of a malformed message contains no part of a secret, wherever the sample is cut", async () => {
  const { redact } = await openTestStore();
  for (let before = 60; before < 110; before++) {
    const checked = createMessageValidator({ clock: fakeClock(), redact, stalledMs: () => 0 }).check({
      e: "unknown",
      text: `${"x".repeat(before)}${SECRET}`,
    });
    expect(JSON.stringify(checked)).not.toContain("p@ss");
  }
});

describe("a missing secret", () => {
  const disk = {
    facts: (path: string) => Promise.resolve(path === "/there" ? {} : undefined),
    readText: () => Promise.resolve("\n"),
  };

  it.each([
    ["a variable that is not set", { env: "NOT_SET" }, "environment variable NOT_SET"],
    ["a variable that is empty", { env: "EMPTY" }, "environment variable EMPTY"],
    ["a file that does not exist", { file: "/absent" }, "file /absent"],
    ["a file that contains only a line end", { file: "/there" }, "file /there"],
  ])("is named by an error without any value: %s", async (_name, source, origin) => {
    const { resolve } = openSecretStore(disk as never, { EMPTY: "", A: SECRET });
    const error: unknown = await resolve("venue", { a: { env: "A" }, key: source }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "SECRET_MISSING",
      details: { connector: "venue", name: "key", source: origin },
    });
    expect(String(error)).not.toContain(SECRET);
  });
});
