/** Which guarantees the desk can give with a connector: from what it has, what it declares, and what its cases showed. */
import type { Method } from "../protocol/messages.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { CaseReport, Guarantee } from "./report.ts";

interface GuaranteeInput {
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
}

interface Row {
  readonly guarantee: string;
  /** What it lacks for it, in words; undefined: nothing. */
  readonly lacks: (facts: GuaranteeInput) => string | undefined;
  /** What is said of one that lacks nothing and has proven it. */
  readonly because: string;
  /** None of these may have failed, and one at least must have passed. */
  readonly cases: readonly string[];
}

function method(name: Method) {
  return ({ methods }: GuaranteeInput): string | undefined =>
    methods.includes(name) ? undefined : `it has no ${name}`;
}

const ROWS: readonly Row[] = [
  {
    guarantee: "an order without a clear answer is settled without a human",
    lacks: ({ methods, capabilities }) =>
      methods.includes("getOrder")
        ? capabilities.queryByClientId === true
          ? undefined
          : "it does not declare queryByClientId: an order whose answer was lost has no venue id yet"
        : "it has no getOrder",
    because: "getOrder finds an order by the client order id alone",
    cases: ["C74", "C77", "C80"],
  },
  {
    guarantee: "fills missed while it was down are recovered",
    lacks: method("getFills"),
    because: "getFills reads them again",
    cases: ["C51", "C75", "C78"],
  },
  {
    guarantee: "a lost answer is never taken for a yes or a no",
    lacks: () => undefined,
    because: "time-outs, resets, 5xx and malformed answers left the order unknown",
    cases: ["C57", "C58", "C59", "C60", "C61", "C62", "C63", "C65", "C66", "C67"],
  },
  {
    guarantee: "the venue itself refuses an order that was sent twice",
    lacks: ({ capabilities }) =>
      capabilities.clientIdDedupe === "forever" || capabilities.clientIdDedupe === "open-only"
        ? undefined
        : "it does not declare clientIdDedupe; the desk never sends an order twice by itself",
    because: "its venue takes a client order id once",
    cases: ["C37"],
  },
  {
    guarantee: "amounts are exact to the last digit",
    lacks: ({ capabilities }) =>
      capabilities.exactDecimals === true
        ? undefined
        : "it does not declare exactDecimals: an amount that no number holds is refused before it is sent",
    because: "quantities and prices cross as text",
    cases: ["C17", "C31", "C32", "C42"],
  },
  {
    guarantee: "each fill counts once",
    lacks: () => undefined,
    because: "the same fill has the same id, however often it comes",
    cases: ["C40", "C43", "C49"],
  },
  {
    guarantee: "tick and lot are checked before sending",
    lacks: method("getInstrument"),
    because: "getInstrument tells them",
    cases: ["C18", "C19"],
  },
  {
    guarantee: "NAV and cash are the venue's own",
    lacks: method("getAccount"),
    because: "getAccount tells them; without it NAV is buying power plus positions at their marks",
    cases: ["C24"],
  },
  {
    guarantee: "orders at the venue are seen, also those that nobody here sent",
    lacks: method("getOpenOrders"),
    because: "getOpenOrders lists what rests",
    cases: ["C79"],
  },
  {
    guarantee: "the desk knows by itself whether money moves",
    lacks: ({ capabilities }) =>
      capabilities.mode === undefined ? "it does not state its mode: it is treated like live" : undefined,
    because: "it states its mode",
    cases: ["C07"],
  },
  {
    guarantee: "its secrets stay out of logs and messages, even without the desk's redaction",
    lacks: () => undefined,
    because: "none was found in anything it said",
    cases: ["C84", "C85", "C87"],
  },
];

/** One line a guarantee: given or not, and why. */
export function guaranteesOf(facts: GuaranteeInput, cases: readonly CaseReport[]): readonly Guarantee[] {
  return ROWS.map(({ guarantee, lacks, because, cases: ids }) => {
    const lacking = lacks(facts);
    if (lacking !== undefined) return { guarantee, given: false, because: lacking };
    const tried = cases.filter((report) => ids.includes(report.id));
    const failed = tried.filter((report) => report.outcome === "failed").map((report) => report.id);
    if (failed.length > 0) return { guarantee, given: false, because: `${failed.join(", ")} failed` };
    const isShown = tried.some((report) => report.outcome === "passed");
    return { guarantee, given: isShown, because: isShown ? because : `not shown: ${ids.join(", ")} did not run` };
  });
}
