/** Mistakes in what an adapter may send or return besides. Each edits the template with all of it into a broken one. */
import type { Mistake } from "./apply-mistake.ts";

type Edit = readonly [find: string, replacement: string];

const METHODS = `  async getActivities(since: number): Promise<Activity[]> {
    const found = await this.get<VenueActivity[]>(\`/activities?since=\${since}\`);
    return found.map(({ time, ...activity }) => ({ ...activity, timestamp: time }));
  }

  async getRates(pairs: readonly string[]): Promise<Rate[]> {
    const found = await this.get<{ pair: string; rate: string; time: number }[]>(\`/rates?pairs=\${pairs.join()}\`);
    return found.map(({ pair, rate, time }) => ({ pair, rate, timestamp: time }));
  }

  async getSchedule(symbol: string, from: number, to: number): Promise<Session[]> {
    return this.get<Session[]>(\`/schedule?symbol=\${symbol}&from=\${from}&to=\${to}\`);
  }

`;
const TYPES = `interface VenueActivity {
  id: string;
  kind: Activity["kind"];
  time: number;
  amount?: string;
  currency?: string;
  symbol?: string;
  ratio?: [string, string];
}
`;
const GET = "  private async get<T>(path: string): Promise<T> {";
const HANDLED = 'if (message.type === "fill") this.emit(toFill(message));';
const PUSHES = `if (message.type === "order") this.ctx.emitReport(toReport(message as unknown as VenueOrder));
      if (message.type === "quote") {
        const { symbol, bid, ask, last, time } = message as unknown as Record<"symbol" | "bid" | "ask" | "last", string> & { time: number };
        this.ctx.emitQuote({ symbol, bid, ask, last, timestamp: time });
      }`;
const LIMITED = `if (response.status === 429 && method === "GET") throw new RateLimited("slow down", Number(response.headers.get("retry-after")) * 1000);`;
const PAGED = `async getFills(since: number, hint?: FillsHint): Promise<{ fills: Fill[]; cursor?: string }> {
    const after = hint?.cursor === undefined ? "" : \`&after=\${hint.cursor}\`;
    const page = await this.get<VenueFill[]>(\`/fills?since=\${since}\${after}\`);
    const cursor = page.length < FILLS_PAGE ? undefined : page.at(-1)?.fill_id;
    return { fills: page.map(toFill), ...(cursor === undefined ? {} : { cursor }) };
  }

  private async allFills(since: number): Promise<Fill[]> {`;

/** The template with every optional member that its venue serves. */
export const EVERYTHING: readonly Edit[] = [
  [
    "  type Account,\n",
    "  type Account,\n  type Activity,\n  type FillsHint,\n  RateLimited,\n  type Rate,\n  type Session,\n",
  ],
  ["interface VenuePosition {", `${TYPES}interface VenuePosition {`],
  [GET, `${METHODS}${GET}`],
  [HANDLED, `${HANDLED}\n      ${PUSHES}`],
  ["    const text = await response.text();", `    ${LIMITED}\n    const text = await response.text();`],
  ["async getFills(since: number): Promise<Fill[]> {", PAGED],
  ["await this.getFills(this.gapStart)", "await this.allFills(this.gapStart)"],
  [
    "    this.gapStart ??= this.newestFillTime;",
    '    this.gapStart ??= this.newestFillTime;\n    this.ctx.link(false, "the stream closed");',
  ],
  [
    "return { symbol, tickSize: tick_size, lotSize: lot_size, currency };",
    'return { symbol, tickSize: tick_size, lotSize: lot_size, currency, orderFlags: ["session", "positionIntent", "postOnly"] };',
  ],
  [
    "      time_in_force: order.timeInForce,\n",
    `      time_in_force: order.timeInForce,
      session: order.session,
      position_intent: order.positionIntent,
      post_only: order.postOnly,
`,
  ],
  ["      this.gapStart = undefined;\n", "      this.gapStart = undefined;\n      this.ctx.link(true);\n"],
];

function mistake(entry: Omit<Mistake, "edits"> & { readonly edits: readonly Edit[] }): Mistake {
  return { ...entry, edits: [...EVERYTHING, ...entry.edits] };
}

export const PUSH_MISTAKES: readonly Mistake[] = [
  mistake({
    name: "reports-every-order-open",
    description: "Its pushed reports say that an order is open, whatever the venue says.",
    edits: [
      [
        "emitReport(toReport(message as unknown as VenueOrder))",
        'emitReport({ ...toReport(message as unknown as VenueOrder), status: "open" })',
      ],
    ],
    caughtBy: ["C130"],
    reason: "as open with",
  }),
  mistake({
    name: "reports-before-fills",
    description: "It emits the fills of an order a while after the report that it is filled.",
    edits: [[`${HANDLED}\n`, 'if (message.type === "fill") setTimeout(() => this.emit(toFill(message)), 200);\n']],
    caughtBy: ["C130"],
    reason: "before its fill",
  }),
  {
    name: "declares-pushed-reports",
    description: 'It declares reports: "pushed", and emits none.',
    edits: [["    queryByClientId: true,", '    queryByClientId: true,\n    reports: "pushed",']],
    caughtBy: ["C130"],
    reason: "no report was emitted",
  },
  mistake({
    name: "streams-rounded-quotes",
    description: "Its streamed quotes pass through a JavaScript number.",
    edits: [["emitQuote({ symbol, bid,", "emitQuote({ symbol, bid: Number(bid).toFixed(2),"]],
    caughtBy: ["C131"],
    reason: "pass each digit",
  }),
  mistake({
    name: "streams-quotes-of-now",
    description: "Its streamed quotes have the local time.",
    edits: [["last, timestamp: time });", "last, timestamp: Date.now() });"]],
    caughtBy: ["C131"],
    reason: "the venue's time",
  }),
  mistake({
    name: "ignores-since-of-activities",
    description: "Its getActivities returns every activity of the account.",
    edits: [["/activities?since=${since}", "/activities?since=0"]],
    caughtBy: ["C132"],
    reason: "since that time",
  }),
  mistake({
    name: "activities-without-sign",
    description: "Its withdrawals are amounts above zero.",
    edits: [
      [
        "({ ...activity, timestamp: time })",
        '({ ...activity, timestamp: time, amount: activity.amount?.replace("-", "") ?? (undefined as never) })',
      ],
    ],
    caughtBy: ["C132"],
    reason: "getActivities returned",
  }),
  mistake({
    name: "inverts-a-rate",
    description: "Its rate is the price of the second currency in the first.",
    edits: [["({ pair, rate, timestamp: time })", "({ pair, rate: String(1 / Number(rate)), timestamp: time })"]],
    caughtBy: ["C133"],
    reason: "price of one EUR in USD",
  }),
  mistake({
    name: "makes-up-a-rate",
    description: "Its getRates answers 1 for a pair that the venue does not have.",
    edits: [
      [
        "return found.map(({ pair, rate, time }) => ({ pair, rate, timestamp: time }));",
        'return pairs.map((pair) => ({ pair, rate: found.find((known) => known.pair === pair)?.rate ?? "1", timestamp: found[0]?.time ?? 0 }));',
      ],
    ],
    caughtBy: ["C133"],
    reason: "no rate of XXX/YYY",
  }),
  mistake({
    name: "calls-every-session-core",
    description: "Its schedule says that the market is open before and after hours.",
    edits: [
      [
        "return this.get<Session[]>(`/schedule?symbol=${symbol}&from=${from}&to=${to}`);",
        'return (await this.get<Session[]>(`/schedule?symbol=${symbol}&from=${from}&to=${to}`)).map((session) => ({ ...session, kind: "core" as const }));',
      ],
    ],
    caughtBy: ["C134"],
    reason: "getSchedule returned core",
  }),
  mistake({
    name: "never-says-that-the-link-is-up",
    description: "It calls ctx.link(false) and never ctx.link(true).",
    edits: [["      this.ctx.link(true);\n", ""]],
    caughtBy: ["C135"],
    reason: "ctx.link(true) was not called",
  }),
  mistake({
    name: "pauses-for-milliseconds",
    description: "It passes the seconds of retry-after on as milliseconds.",
    edits: [['Number(response.headers.get("retry-after")) * 1000', 'Number(response.headers.get("retry-after"))']],
    caughtBy: ["C136"],
    reason: "the header is in seconds",
  }),
  mistake({
    name: "repeats-a-page",
    description: "Its cursor is the fill before the last one, so that each page begins with a known fill.",
    edits: [["page.at(-1)?.fill_id;\n    return { fills", "page.at(-2)?.fill_id;\n    return { fills"]],
    caughtBy: ["C137"],
  }),
  mistake({
    name: "ends-after-a-page",
    description: "Its getFills never returns a cursor.",
    edits: [["...(cursor === undefined ? {} : { cursor }) };", '...(cursor === "" ? { cursor } : {}) };']],
    caughtBy: ["C137"],
    reason: "each fill is on one page",
  }),
  {
    name: "returns-fills-it-knows-to-be-new",
    description: "Its getFills begins at the newest fill of the stream, so that a lost message is never made up for.",
    edits: [
      [
        "const page = await this.get<VenueFill[]>(`/fills?since=${since}",
        "const page = await this.get<VenueFill[]>(`/fills?since=${Math.max(since, this.newestFillTime + 1)}",
      ],
    ],
    caughtBy: ["C138"],
    reason: "left the lost fill out",
  },
];
