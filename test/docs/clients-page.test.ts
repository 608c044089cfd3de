/** The page of clients has each of them once, in the version that is tried, with transcripts that are there. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CLIENTS } from "../clients/cache.ts";

function at(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
const ROWS = readFileSync(at("docs/clients.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, name = "", version = "", , , transcripts = ""]) => ({
    name: name.replaceAll("`", ""),
    version,
    transcripts,
  }));

describe("docs/clients.md", () => {
  it("docs/clients.md lists each client with its version", () => {
    const told = ROWS.map(({ name, version }) => `${name} ${version}`);
    expect(told.toSorted()).toEqual(CLIENTS.map(({ name, version }) => `${name} ${version}`).toSorted());
  });

  it.each(ROWS)("docs/clients.md names existing transcripts of $name", ({ transcripts }) => {
    const names = [...transcripts.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    for (const name of names) expect(existsSync(at(`test/clients/transcripts/${name}`)), name).toBe(true);
  });
});
