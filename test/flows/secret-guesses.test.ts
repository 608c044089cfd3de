/** A connector finds out by what the desk returns to it whether a text is the secret of another connector. */
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { adapterSource } from "../support/adapter-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const SECRET = "482913";

const desks: TempDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) {
    await desk.stop();
    await discard(desk);
  }
});

/**
 * Its second life is asked for fills, and answers with a page whose cursor is full of guesses. So many texts with its
 * own secret follow that the mask forgets what the cursor was.
 */
const GUESSING = adapterSource(`
  async getFills(_since: number, { cursor }: { cursor?: string }): Promise<any> {
    if (cursor === undefined) {
      const guesses = Array.from({ length: 280 }, (_, n) => String(482_800 + n));
      const own = Array.from({ length: 10_001 }, (_, n) => this.ctx.secret("key") + n);
      return { cursor: guesses.join(" "), fills: [], own };
    }
    // Dots between the letters keep redaction from hiding what came back.
    this.ctx.logger.info("came back " + cursor.split("").join("."));
    return [];
  }`).replace(
  "this.ctx = ctx;",
  `this.ctx = ctx;
    const lives = ((await ctx.store.get("lives")) ?? 0) + 1;
    await ctx.store.put("lives", lives);
    if (lives === 1) setTimeout(() => process.exit(), 1_500);`,
);

function logsOf(desk: TempDesk): string {
  return readdirSync(join(desk.root, ".qoc"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.includes("log"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}

it.each(["worker", "process"] as const)(
  "a connector's guesses at the secret of another come back as they were, at the %s level",
  async (isolation) => {
    const folder = mkdtempSync(join(tmpdir(), "qoc-secret-"));
    writeFileSync(join(folder, "other"), `${SECRET}\n`);
    writeFileSync(join(folder, "guessing"), "key-of-the-guesser\n");
    const table = (name: string): string =>
      `[[connector]]\nname = "${name}"\ntype = "custom"\nadapter = "./${name}.ts"\nmode = "paper"\n` +
      `isolation = "${isolation}"\n[connector.auth]\nkey = { file = "${join(folder, name)}" }\n`;
    const desk = await tempDesk({
      files: { "other.ts": adapterSource(""), "guessing.ts": GUESSING },
      config: () => table("other") + table("guessing"),
    });
    desks.push(desk);
    await expect.poll(() => logsOf(desk), { timeout: 20_000 }).toContain("came back");
    const [, found = ""] = /came back ([^"\n]*)/.exec(logsOf(desk)) ?? [];
    const guesses = found.replaceAll(".", "").split(" ");
    expect(guesses).toContain("482912");
    expect(guesses).toContain(SECRET);
  },
);
