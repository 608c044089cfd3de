/** Certifies a connector of this package, and lists the cases of the report by their outcome. */
import { certifyAdapter } from "../../src/app/certify-adapter.ts";
import type { CaseReport, Report } from "../../src/conformance/report.ts";
import { CERTIFY_DEPS } from "./certify-deps.ts";

export const LEVELS = ["worker", "process"] as const;

/** Limit for a certification that hangs: a busy machine needs many times what a free one needs. */
export const CERTIFICATION_MS_MAX = 1_800_000;

/** `target`: the connector's path in the package. */
export function certified(target: string, isolation: (typeof LEVELS)[number]): Promise<Report> {
  const request = { target, from: CERTIFY_DEPS.packageRoot, isolation, only: [] };
  return certifyAdapter(CERTIFY_DEPS, request, { line: () => undefined });
}

/** The ids of the cases that ended so, each with its reason, such as `C92: the adapter does not use ctx.store`. */
export function withOutcome({ cases }: Report, expected: CaseReport["outcome"]): readonly string[] {
  return cases
    .filter(({ outcome }) => outcome === expected)
    .map(({ id, reason }) => (reason === undefined ? id : `${id}: ${reason}`));
}
