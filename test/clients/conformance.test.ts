/**
 * Runs the protocol's own conformance suite against the desk's port, at both revisions. Checks that need the suite's
 * fixture tools, which the desk lacks, are listed in a file of this folder; a listed check that passes fails the run.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { type DeskProxy, deskProxy } from "./desk-proxy.ts";
import { describeClient } from "./describe-client.ts";
import { runProgram } from "./run-program.ts";

const SUMMARY = "=== SUMMARY ===";
function unshown(revision: string): string {
  return fileURLToPath(new URL(`conformance-${revision}.yml`, import.meta.url));
}

describeClient("conformance", "the conformance suite", ({ argv, version }) => {
  let desk: TempDesk;
  let proxy: DeskProxy;
  beforeAll(async () => {
    desk = await tempDesk();
    await desk.call("snapshot");
    const { url, token } = desk.agents.endpoint.open("run-conformance", 600_000);
    proxy = await deskProxy(new URL(url), token);
  });
  afterAll(async () => {
    await proxy.close();
    await desk.stop();
    await discard(desk);
  });

  it.each(["2025-11-25", "2026-07-28"])(
    "the conformance suite at revision %s reports the known results",
    async (revision) => {
      const asked = [
        "--url",
        proxy.url,
        "--suite",
        "all",
        "--spec-version",
        revision,
        "--expected-failures",
        unshown(revision),
      ];
      const { code, out, err } = await runProgram(argv, ["server", ...asked]);
      expect(code, `${out.slice(out.indexOf(SUMMARY))}\n${err}`).toBe(0);
      const summary = out.slice(out.indexOf(SUMMARY) + SUMMARY.length, out.indexOf("\n\n", out.indexOf("\nTotal: ")));
      await expect(`conformance ${version} at ${revision}\n${summary}\n`).toMatchFileSnapshot(
        `transcripts/conformance-${revision}.txt`,
      );
    },
  );
});
