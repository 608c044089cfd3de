/** Accessibility rules (WCAG 2.2 AA and good practice) of axe-core, run in the page. */
import axe from "axe-core";
import type { Page } from "playwright-core";

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** In other colours only the contrast can differ. */
export type AxeScope = "all" | "contrast";
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** One line for each violation; the context of the page must bypass its policy, because axe is injected. */
export async function violations(page: Page, scope: AxeScope = "all"): Promise<readonly string[]> {
  await page.evaluate(`globalThis.axe === undefined ? eval(${JSON.stringify(axe.source)}) : undefined`);
  const runOnly = scope === "all" ? { type: "tag", values: TAGS } : { type: "rule", values: ["color-contrast"] };
  const { violations: found } = (await page.evaluate(
    (only) => (globalThis as any).axe.run(document, { runOnly: only, resultTypes: ["violations"] }),
    runOnly,
  )) as AxeResult;
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html.slice(0, 160)} ${failureSummary.split("\n")[1] ?? ""}`),
  );
}
