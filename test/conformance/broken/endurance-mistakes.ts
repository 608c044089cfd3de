/** Mistakes that show after a while, beside a request without an answer, or with amounts and times that are rare. */
import type { Mistake } from "./apply-mistake.ts";
import { FETCH, FIELD, QUOTE } from "./template-snippets.ts";

const SIGNAL = "const signal = AbortSignal.timeout(REQUEST_MS);";

export const ENDURANCE_MISTAKES: readonly Mistake[] = [
  {
    name: "one-request-at-a-time",
    description: "It sends all requests one after the other, so that a cancel waits for a quote.",
    edits: [
      [FIELD, `${FIELD}\n  private last: Promise<unknown> = Promise.resolve();`],
      [
        FETCH,
        `const sent = this.last.then(() => fetch(\`\${String(this.ctx.options["url"])}\${path}\`, init));\n      this.last = sent.catch(() => undefined);\n      response = await sent;`,
      ],
      [SIGNAL, "const signal = AbortSignal.timeout(9_000);"],
    ],
    caughtBy: ["C147"],
  },
  {
    name: "one-timeout-for-all-requests",
    description: "It makes the signal of its time-outs once, so that each request fails some seconds after the start.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly signal = AbortSignal.timeout(9_000);`],
      [SIGNAL, "const { signal } = this;"],
    ],
    caughtBy: ["C148"],
    reason: "after its start getQuote threw",
  },
  {
    name: "token-of-ten-seconds",
    description: "It signs in once, and takes the session for ended after ten seconds.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly startedAt = Date.now();`],
      [SIGNAL, `if (Date.now() - this.startedAt > 10_000) throw new Error("the session has expired");\n    ${SIGNAL}`],
    ],
    caughtBy: ["C148"],
    reason: "the session has expired",
  },
  {
    name: "fills-of-the-last-hour",
    description: "It asks for the fills of the last hour at most.",
    edits: [["`/fills?since=${since}${after}`", "`/fills?since=${Math.max(since, Date.now() - 3_600_000)}${after}`"]],
    caughtBy: ["C150"],
    reason: "is 3 days old",
  },
  {
    name: "positions-as-floats",
    description: "It converts the quantities of positions to JavaScript numbers.",
    edits: [["      quantity,\n      averagePrice", "      quantity: Number(quantity),\n      averagePrice"]],
    caughtBy: ["C149"],
    reason: "the venue holds",
  },
  {
    name: "declares-a-simulated-clock",
    description: "It declares simulatedTime, so that quotes with the local time are not noticed.",
    edits: [
      ['mode: "paper",', 'mode: "paper",\n    simulatedTime: true,'],
      [QUOTE, "return { symbol, bid, ask, last, timestamp: Date.now() };"],
    ],
    caughtBy: ["C105"],
  },
  {
    name: "immediate-limit-orders-at-market",
    description: "It sends a limit order that is immediate-or-cancel as a market order.",
    edits: [
      [
        "      type: order.type,",
        '      type: order.type === "limit" && order.timeInForce === "ioc" ? "market" : order.type,',
      ],
    ],
    caughtBy: ["C33"],
    reason: "reached the venue as",
  },
];
