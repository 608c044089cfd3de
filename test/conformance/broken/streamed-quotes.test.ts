/** The connector to Alpaca with one mistake each in its stream of quotes: the case of a streamed quote detects it. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { certifyAdapter } from "../../../src/app/certify-adapter.ts";
import { CERTIFY_DEPS } from "../../support/certify-deps.ts";
import { type Mistake, applyMistake } from "./apply-mistake.ts";

const { packageRoot: ROOT } = CERTIFY_DEPS;
const PACKAGES = ["big.js", "ws"];
const CASE = "C131";

interface QuoteMistake extends Omit<Mistake, "caughtBy"> {
  /** Of the connector, with the code that it shares with others. */
  readonly file: string;
  readonly reason: string;
}

const MISTAKES: readonly QuoteMistake[] = [
  {
    name: "quotes-of-the-arrival",
    description: "Its streamed quotes have the time at which they came.",
    file: "quote-stream.ts",
    edits: [["this.#sink.emit(quote);", "this.#sink.emit({ ...quote, timestamp: Date.now() });"]],
    reason: "pass each digit and the venue's time on",
  },
  {
    name: "never-comes-back",
    description: "It opens no other stream of quotes after a cut.",
    file: "quote-stream.ts",
    edits: [["(0.75 + this.#random() / 2);", "3_600;"]],
    reason: "the adapter opened no other",
  },
  {
    name: "repeats-its-last-quote",
    description: "It emits the last quote as one of now when its stream is cut.",
    file: "quote-stream.ts",
    edits: [
      ["  #isClosed = false;", "  #isClosed = false;\n  #last: Quote | undefined;"],
      [
        "if (this.#subscribed.has(quote.symbol)) this.#sink.emit(quote);",
        "this.#last = quote;\n    if (this.#subscribed.has(quote.symbol)) this.#sink.emit(quote);",
      ],
      [
        "    this.#forget();\n    if (lasted",
        "    this.#forget();\n    if (this.#last !== undefined) this.#sink.emit({ ...this.#last, timestamp: Date.now() });\n    if (lasted",
      ],
    ],
    reason: "came back with one quote, and the adapter emitted 2",
  },
  {
    name: "answers-from-its-stream",
    description: "Its getQuote returns the last streamed quote, whether its stream lives or not.",
    file: "quotes.ts",
    edits: [
      ["  readonly #feed: Feed;", "  readonly #feed: Feed;\n  readonly #last = new Map<string, Quote>();"],
      [
        "emit: (quote) => ctx.emitQuote(quote),",
        "emit: (quote) => ctx.emitQuote((this.#last.set(quote.symbol, quote), quote)),",
      ],
      [
        "  async get(symbol: string): Promise<Quote> {",
        "  async get(symbol: string): Promise<Quote> {\n    const last = this.#last.get(symbol);\n    if (last !== undefined) return { ...last, timestamp: Date.now() };",
      ],
    ],
    reason: "a frame of the stream was lost, the venue is at 48/48.1, and getQuote returned",
  },
  {
    name: "leaves-its-stream-open",
    description: "Its disconnect does not close the stream of quotes.",
    file: "index.ts",
    edits: [["    this.#quotes?.close();\n", ""]],
    reason: "after disconnect the stream of quotes is open",
  },
];

/** The connector and what it shares with others in one folder, as an adapter of one's own is. */
function writeConnector({ file, ...mistake }: QuoteMistake): string {
  const folder = mkdtempSync(join(tmpdir(), "qoc-broken-quotes-"));
  const target = join(folder, "alpaca");
  const modules = join(folder, "node_modules");
  for (const each of [target, modules]) mkdirSync(each);
  for (const name of PACKAGES) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  const shared = readdirSync(join(ROOT, "connectors")).filter((name) => name.endsWith(".ts"));
  for (const name of shared) cpSync(join(ROOT, "connectors", name), join(target, name));
  cpSync(join(ROOT, "connectors/alpaca"), target, { recursive: true });
  for (const name of readdirSync(target).filter((each) => each.endsWith(".ts"))) {
    const source = readFileSync(join(target, name), "utf8").replaceAll('from "../', 'from "./');
    const edited = name === file ? applyMistake(source, { ...mistake, caughtBy: [CASE] }) : source;
    writeFileSync(join(target, name), edited);
  }
  return target;
}

it.concurrent.each(MISTAKES)(
  "the kit rejects a stream of quotes with the mistake $name: $description",
  async (mistake) => {
    const target = writeConnector(mistake);
    const report = await certifyAdapter(
      CERTIFY_DEPS,
      { target, from: target, only: [CASE], isolation: undefined },
      { line: () => undefined },
    );
    expect(report.cases).toMatchObject([
      { id: CASE, outcome: "failed", reason: expect.stringContaining(mistake.reason) as string },
    ]);
  },
);
