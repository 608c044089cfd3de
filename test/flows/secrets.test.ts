/** Canary secrets in a whole desk, at both isolation levels. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

/** Characters that change in URL encoding and in JSON, so that each form is a different text. */
const MINE = 'canary-mine+/="7f3a';
const OTHER = "canary-other+/=%91bc";

function forms(secret: string): readonly string[] {
  return [
    secret,
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}

const LEAKING = adapterFixture("leaking-adapter");

const desks: TempDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) {
    await desk.stop();
    await discard(desk);
  }
});

/** Every text of the workspace: journal, logs, inbox, orders, store, and each object of the file history. */
function everything(root: string): string {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("history.git"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  const git = ["--git-dir", join(root, ".qoc/history.git")];
  const history = execFileSync("git", [...git, "log", "--all", "-p", "--format=%H %s %b"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return [...files, history].join("\n");
}

describe.each(["worker", "process"] as const)("at the %s level", (isolation) => {
  it("no secret is in a file of the desk, and no secret of another connector reaches the adapter", async () => {
    const secretFile = join(await mkdtemp(join(tmpdir(), "qoc-secret-")), "other");
    writeFileSync(secretFile, `${OTHER}\n`);
    const env: Record<string, string | undefined> = { PATH: process.env["PATH"], LEAKING_KEY: MINE };
    const table = (name: string, auth: string): string =>
      `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./leaky.ts"\nisolation = "${isolation}"\n[connector.auth]\nkey = ${auth}\n`;
    const desk = await tempDesk({
      files: { "leaky.ts": LEAKING },
      liveEnv: env,
      config: () => table("leaky", `{ env = "LEAKING_KEY" }`) + table("other", `{ file = "${secretFile}" }`),
    });
    desks.push(desk);
    expect(env["LEAKING_KEY"]).toBeUndefined();
    await desk.call("quotes get", { symbol: "LOOK", connector: "leaky" });
    await desk.call("quotes get", { symbol: "THROW", connector: "leaky" }).catch((error: Error) => {
      for (const form of forms(MINE)) expect(error.message + (error.stack ?? "")).not.toContain(form);
    });
    for (const symbol of ["BAD", "LOST"]) {
      const made = await desk.call<{ id: string; digest: string }>("orders propose", {
        side: "buy",
        symbol,
        quantity: "1",
        type: "limit",
        limitPrice: "100",
        rationale: "canary",
        connector: "leaky",
      });
      await desk.call("approve", { id: made.id, digest: made.digest }).catch(() => undefined);
      expect(["rejected", "unknown"]).toContain(await desk.reaches(made.id, "rejected", "unknown"));
    }
    const { lastError } = desk.open.desk.venues.status().find(({ name }) => name === "leaky") ?? {};
    expect(lastError ?? "").not.toContain("canary");
    await desk.settled();
    desk.open.desk.history.request("all of it");
    await desk.open.desk.history.flush();
    await desk.open.logs.flush();
    const all = everything(desk.root);
    expect(all).toContain("[secret]");
    for (const secret of [MINE, OTHER]) for (const form of forms(secret)) expect(all).not.toContain(form);
    // The adapter writes the secrets it found with dots between the letters, so that redaction does not hide them.
    const saw = /saw ([^"\n]*)/.exec(all)?.[1]?.replaceAll(".", "") ?? "nothing was logged";
    expect(saw).not.toContain("other");
    expect(saw).not.toContain("nothing was logged");
  });
});

it("a diagnostic report of the process shows no variable that held a secret", async () => {
  process.env["QOC_REPORT_CANARY"] = MINE;
  const desk = await tempDesk({
    files: { "leaky.ts": LEAKING },
    liveEnv: process.env,
    config: () =>
      `[[connector]]\nname = "leaky"\ntype = "custom"\nadapter = "./leaky.ts"\n[connector.auth]\nkey = { env = "QOC_REPORT_CANARY" }\n`,
  });
  desks.push(desk);
  expect(JSON.stringify(process.env)).not.toContain("QOC_REPORT_CANARY");
  expect(
    JSON.stringify((process.report.getReport() as unknown as { environmentVariables: object }).environmentVariables),
  ).not.toContain("QOC_REPORT_CANARY");
});
