/** Mistakes of reading fills again: after a gap in the stream, and by getFills. */
import type { Mistake } from "./apply-mistake.ts";
import { FIELD, FILLS, FILLS_PAGE_REQUEST, RECONNECT_ON_CLOSE, REQUEST_TIME } from "./template-snippets.ts";

const GAP_START = "this.gapStart ??= this.newestFillTime;";
const GAP_FILLS = "for (const fill of await this.getFills(this.gapStart)) this.emit(fill);";
const AFTER = 'const after = fills.length === 0 ? "" : `&after=${fills.at(-1)?.fill_id}`;';

/** The last statement of getFills, with another end of `return fills`. */
function returning(end: string): readonly [string, string] {
  return [FILLS, FILLS.replace("fills.map(toFill)", `fills${end}`)];
}

export const HISTORY_MISTAKES: readonly Mistake[] = [
  {
    name: "drops-fills-that-it-cannot-read",
    description: "Its getFills leaves out a fill whose price is no number.",
    edits: [returning(".filter(({ price }) => Number(price) > 0).map(toFill)")],
    caughtBy: ["C158"],
    reason: "and none that cannot be read",
  },
  {
    name: "invents-prices-of-fills",
    description: "Its getFills returns a fill whose price is no number at a price of 0.",
    edits: [returning('.map((fill) => toFill({ ...fill, price: Number(fill.price) > 0 ? fill.price : "0" }))')],
    caughtBy: ["C158"],
    reason: "getFills returned fills at 99.5, 0",
  },
  {
    name: "emits-the-newest-fills-of-a-gap",
    description: "After a gap it emits the last five of the fills that it missed.",
    edits: [[GAP_FILLS, "for (const fill of (await this.getFills(this.gapStart)).slice(-5)) this.emit(fill);"]],
    caughtBy: ["C115"],
  },
  {
    name: "reads-the-first-page-of-a-gap",
    description: "After a gap it requests one page of fills.",
    edits: [
      [
        GAP_FILLS,
        "for (const fill of await this.get<VenueFill[]>(`/fills?since=${this.gapStart}`)) this.emit(toFill(fill));",
      ],
    ],
    caughtBy: ["C115"],
  },
  {
    name: "reads-a-gap-before-the-stream-is-open",
    description: "It requests the missed fills and then opens the stream, so a fill in between is lost.",
    edits: [
      [
        `await this.subscribe();\n      ${GAP_FILLS}`,
        `const missed = await this.getFills(this.gapStart);
      await this.subscribe();
      for (const fill of missed) this.emit(fill);`,
      ],
    ],
    caughtBy: ["C115"],
  },
  {
    name: "begins-a-gap-at-the-cut",
    description: "It takes the stream for good until the connection is cut, so what a dead stream lost is not read.",
    edits: [
      [FIELD, `${FIELD}\n  private closedAt = 0;\n  private aheadMs = 0;`],
      [REQUEST_TIME, `${REQUEST_TIME}\n    this.aheadMs = time - Date.now();`],
      [RECONNECT_ON_CLOSE, `this.closedAt = Date.now() + this.aheadMs;\n        ${RECONNECT_ON_CLOSE}`],
      [GAP_START, "this.gapStart ??= this.closedAt;"],
    ],
    caughtBy: ["C115"],
  },
  {
    name: "begins-a-gap-after-the-newest-fill",
    description: "It reads the fills of a gap from the millisecond after the newest fill, which may hold others.",
    edits: [[GAP_START, "this.gapStart ??= this.newestFillTime + 1;"]],
    caughtBy: ["C115"],
  },
  {
    name: "reads-ten-pages",
    description: "It reads ten pages of fills at most.",
    edits: [[FILLS, "if (page.length < FILLS_PAGE || fills.length >= 1_000) return fills.map(toFill);"]],
    caughtBy: ["C113"],
  },
  {
    name: "pages-by-time",
    description: "It begins each page after the time of the last fill, so fills of the same time are lost.",
    edits: [
      [AFTER, "const from = fills.length === 0 ? since : (fills.at(-1)?.time ?? 0) + 1;"],
      [FILLS_PAGE_REQUEST, "const page = await this.get<VenueFill[]>(`/fills?since=${from}`);"],
    ],
    caughtBy: ["C113"],
  },
  {
    name: "no-fees-in-history",
    description: "Its getFills leaves the fees out.",
    edits: [returning(".map((each) => ({ ...toFill(each), fee: undefined, feeCurrency: undefined }))")],
    caughtBy: ["C51", "C109"],
  },
  {
    name: "history-fees-in-dollars",
    description: "Its getFills calls each fee one in dollars.",
    edits: [returning('.map((each) => ({ ...toFill(each), feeCurrency: "USD" }))')],
    caughtBy: ["C109"],
  },
  {
    name: "history-amounts-as-numbers",
    description: "Its getFills adds the price of each fill up in floats.",
    edits: [returning(".map((each) => ({ ...toFill(each), price: Number(each.price) + 0.1 - 0.1 }))")],
    caughtBy: ["C112"],
  },
  {
    name: "history-of-buys",
    description: "Its getFills calls each fill a buy.",
    edits: [returning('.map((each) => ({ ...toFill(each), side: "buy" as const }))')],
    caughtBy: ["C50"],
  },
  {
    name: "history-of-one-symbol",
    description: "Its getFills returns the fills of the symbol that it trades most.",
    edits: [returning('.filter(({ symbol }) => symbol === "AAPL").map(toFill)')],
    caughtBy: ["C50"],
  },
  {
    name: "history-of-the-desks-orders",
    description: "Its getFills returns the fills of orders with the desk's form of id.",
    edits: [returning(".filter((each) => /^[a-z0-9]{17}$/.test(each.client_order_id)).map(toFill)")],
    caughtBy: ["C117"],
  },
];
