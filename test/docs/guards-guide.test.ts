/** The guard of docs/guards.md, copied unchanged into a desk, evaluates that desk's orders as the page says. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { discard, tempDesk } from "../support/temp-desk.ts";

const PAGE = readFileSync(fileURLToPath(new URL("../../docs/guards.md", import.meta.url)), "utf8");
function block(language: string): string {
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1] ?? "";
}

it("the guide's guard blocks orders that its options forbid, with its reason, and allows other orders", async () => {
  const desk = await tempDesk({
    config: (template) => `${template}\n${block("toml")}`,
    files: { "src/guards/max-quantity.ts": block("ts") },
  });
  try {
    const propose = async (quantity: string) => {
      const made = await desk.call<{
        verdict: { decision: string; reasons: { guard: string; message: string; status?: string }[] };
      }>("orders propose", {
        side: "buy",
        symbol: "SPX",
        quantity,
        type: "limit",
        limitPrice: "100",
        rationale: "the page",
      });
      return JSON.stringify(made.verdict);
    };
    expect(await propose("101")).toContain("101 is more than 100");
    expect(await propose("100")).not.toContain("is more than 100");
  } finally {
    await desk.stop();
    await discard(desk);
  }
});
