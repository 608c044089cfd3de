/**
 * Decides which guarantees the desk can give with a connector, from its methods, its capabilities and its case results.
 */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { CaseReport, Guarantee } from "./report.ts";

interface GuaranteeInput {
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
}

interface GuaranteeRule {
  readonly guarantee: string;
  /** Describes the method or capability that is missing; undefined if nothing is. */
  readonly missing: (input: GuaranteeInput) => string | undefined;
  /** The explanation printed if the guarantee is given. */
  readonly because: string;
  /** At least one of these cases must pass, and none may fail. */
  readonly cases: readonly string[];
}

function requireMethod(name: Method) {
  return ({ methods }: GuaranteeInput): string | undefined =>
    methods.includes(name) ? undefined : `the adapter has no ${name}`;
}

const RULES: readonly GuaranteeRule[] = [
  {
    guarantee: "an order with an unknown outcome is resolved without a person",
    missing: ({ methods, capabilities }) =>
      methods.includes("getOrder")
        ? capabilities.queryByClientId === true
          ? undefined
          : "the adapter does not declare queryByClientId: an order whose response was lost has no venue id yet"
        : "the adapter has no getOrder",
    because: "getOrder finds an order by the client order id alone",
    cases: ["C74", "C77", "C80", "C127", "C121"],
  },
  {
    guarantee: "fills missed while the connector was down are recovered",
    missing: requireMethod("getFills"),
    because: "getFills returns them after a restart",
    cases: ["C51", "C75", "C78", "C113", "C150"],
  },
  {
    guarantee: "a lost response is never taken as an acknowledgement or a rejection",
    missing: () => undefined,
    because: "the order stays unknown after timeouts, resets, 5xx and malformed responses",
    cases: ["C57", "C58", "C59", "C60", "C61", "C62", "C63", "C65", "C66", "C67", "C96", "C97", "C98", "C102"],
  },
  {
    guarantee: "the venue rejects an order that is sent twice",
    missing: ({ capabilities }) =>
      capabilities.clientIdDedupe === "forever"
        ? undefined
        : capabilities.clientIdDedupe === "open-only"
          ? "the venue takes an id again once its first order has ended; the desk itself never sends an order twice"
          : "the adapter does not declare clientIdDedupe; the desk itself never sends an order twice",
    because: "the venue accepts a client order id only once",
    cases: ["C37", "C99"],
  },
  {
    guarantee: "amounts are exact to the last digit",
    missing: ({ capabilities }) =>
      capabilities.exactDecimals === true
        ? undefined
        : "the adapter does not declare exactDecimals: the desk refuses amounts that a number cannot hold",
    because: "quantities and prices are passed as decimal strings",
    cases: ["C17", "C31", "C32", "C42", "C149"],
  },
  {
    guarantee: "each fill counts once",
    missing: () => undefined,
    because: "a fill has the same id every time it is reported",
    cases: ["C40", "C43", "C49", "C111"],
  },
  {
    guarantee: "tick and lot are checked before sending",
    missing: requireMethod("getInstrument"),
    because: "getInstrument returns both",
    cases: ["C18", "C19", "C107"],
  },
  {
    guarantee: "NAV and cash are the venue's own figures",
    missing: requireMethod("getAccount"),
    because: "getAccount returns them; without it NAV is buying power plus positions at their mark prices",
    cases: ["C24", "C108"],
  },
  {
    guarantee: "all open orders at the venue are visible, including orders placed outside the desk",
    missing: requireMethod("getOpenOrders"),
    because: "getOpenOrders lists them",
    cases: ["C79", "C122", "C129"],
  },
  {
    guarantee: "the desk can tell paper trading from live trading",
    missing: ({ capabilities }) =>
      capabilities.mode === undefined
        ? "the adapter does not declare its mode, so the desk treats it as live"
        : undefined,
    because: "the adapter declares its mode",
    cases: ["C07"],
  },
  {
    guarantee: "secrets stay out of logs and messages even without the desk's redaction",
    missing: () => undefined,
    because: "no secret was found in its messages or output",
    cases: ["C84", "C85", "C87"],
  },
];

/** Returns every guarantee with whether it is given and why. */
export function guaranteesOf(input: GuaranteeInput, cases: readonly CaseReport[]): readonly Guarantee[] {
  return RULES.map(({ guarantee, missing, because, cases: ids }) => {
    const missingPart = missing(input);
    if (missingPart !== undefined) return { guarantee, given: false, because: missingPart };
    const reports = cases.filter((report) => ids.includes(report.id));
    const failed = reports.filter((report) => report.outcome === "failed").map((report) => report.id);
    if (failed.length > 0) return { guarantee, given: false, because: `${failed.join(", ")} failed` };
    const isProven = reports.some((report) => report.outcome === "passed");
    return { guarantee, given: isProven, because: isProven ? because : `not proven: ${ids.join(", ")} did not run` };
  });
}
