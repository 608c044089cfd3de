/** Values that connectors were given, in each dress in which a program may write them down. */
import { describe, expect, it } from "vitest";
import { openSecretStore } from "../../src/host/secrets.ts";
import { createMessageValidator } from "../../src/host/message-validator.ts";
import { fakeClock } from "../support/fake-clock.ts";

const SECRET = "p@ss w(o)rd+/=?'!~key";
const LONGER = `${SECRET}-and-more`;

async function vault() {
  const env: Record<string, string | undefined> = { A: SECRET, B: LONGER };
  const made = openSecretStore({} as never, env);
  await made.resolve("venue", { a: { env: "A" }, b: { env: "B" } });
  return { ...made, env };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("a known value", () => {
  it.each([
    ["as it is", SECRET],
    ["in base64", base64(SECRET)],
    ["in base64 after one byte", base64(`u${SECRET}`)],
    ["in base64 after two bytes", base64(`u:${SECRET}`)],
    ["in base64 after three bytes, with more behind", base64(`me:${SECRET}:x`)],
    ["in base64 for URLs", Buffer.from(`u:${SECRET}`).toString("base64url")],
    ["in hex", Buffer.from(SECRET).toString("hex")],
    ["in capital hex", Buffer.from(SECRET).toString("hex").toUpperCase()],
    ["in a URL", encodeURIComponent(SECRET)],
    ["in a URL, each sign of it", new URLSearchParams({ key: SECRET }).toString().replaceAll("+", "%20")],
    ["in base64 in a URL", encodeURIComponent(base64(`u:${SECRET}`))],
    ["in a form", new URLSearchParams({ key: SECRET }).toString()],
    ["in JSON", JSON.stringify({ key: SECRET })],
  ])("%s does not show", async (_name, text) => {
    const { redact } = await vault();
    const shown = redact(`before ${text} after`);
    expect(shown).toContain("[secret]");
    // What is left of a base64 text is less than a character of the value at each end.
    const left = shown.replace("[secret]", "").replace(/^before | after$/g, "");
    expect(Buffer.from(left, "base64").toString()).not.toContain(SECRET.slice(1, -1));
    expect(shown).not.toContain(SECRET);
  });

  it("whose base64 has signs of its own does not show in a URL", async () => {
    const { redact, resolve } = openSecretStore({} as never, { A: "key???>>>" });
    await resolve("venue", { a: { env: "A" } });
    for (const text of ["a2V5Pz8/Pj4+", "a2V5Pz8_Pj4-", "a2V5Pz8%2FPj4%2B"]) expect(redact(text)).toBe("[secret]");
  });

  it("that stands inside of a longer one leaves nothing of that", async () => {
    expect((await vault()).redact(`x ${LONGER} y`)).toBe("x [secret] y");
  });

  it("is gone from the environment", async () => {
    expect((await vault()).env).toEqual({});
  });
});

it("what is said of a malformed message shows no half of a secret, wherever it is cut", async () => {
  const { redact } = await vault();
  for (let before = 60; before < 110; before++) {
    const admitted = createMessageValidator(fakeClock(), redact).check({
      e: "what",
      text: `${"x".repeat(before)}${SECRET}`,
    });
    expect(JSON.stringify(admitted)).not.toContain("p@ss");
  }
});

describe("a value that is missing", () => {
  const disk = {
    facts: (path: string) => Promise.resolve(path === "/there" ? {} : undefined),
    readText: () => Promise.resolve("\n"),
  };

  it.each([
    ["a variable that is not set", { env: "NOT_SET" }, "environment variable NOT_SET"],
    ["a variable that is empty", { env: "EMPTY" }, "environment variable EMPTY"],
    ["a file that is not there", { file: "/absent" }, "file /absent"],
    ["a file that holds a new line alone", { file: "/there" }, "file /there"],
  ])("is named, and no other value is: %s", async (_name, source, where) => {
    const { resolve } = openSecretStore(disk as never, { EMPTY: "", A: SECRET });
    const error: unknown = await resolve("venue", { a: { env: "A" }, key: source }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "SECRET_MISSING",
      details: { connector: "venue", name: "key", source: where },
    });
    expect(String(error)).not.toContain(SECRET);
  });
});
