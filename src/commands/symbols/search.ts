import * as z from "zod";
import { symbolOfFileStem } from "../../domain/market/symbol-file.ts";
import { UNNAMED, shownSymbol } from "../../domain/untrusted.ts";
import type { FilePage, ListedFile, WorkspaceFiles } from "../../workspace/files.ts";
import { LAYOUT } from "../../workspace/layout.ts";
import { positional } from "../arguments.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { isInScope } from "../connector-scope.ts";
import { tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { untrustedSchemaFor, untrustedText } from "../untrusted-text.ts";

const SYMBOLS_MAX = 100;
const SEARCHED = ["entities", "issues", "positions", "orders", LAYOUT.bars];
const NOTE = "only symbols in the desk's records; a venue may trade others: try quotes get";

/** A connector cannot list what its venue trades, so only the symbols in the desk's records are searched. */
export const command = defineCommand({
  name: "symbols search",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "search the symbols in the desk's records",
  description: "In entities, issues, positions, orders and bar files; the venues' own lists are not searched.",
  examples: ["qoc symbols search apple", "qoc symbols search BTC --json"],
  input: () =>
    z.strictObject({
      text: positional(z.string().trim().min(1).max(60), "TEXT", "a part of a symbol or a name"),
    }),
  output: () =>
    z.object({
      status: z.enum(["ready", "data_pending"]),
      symbols: z.array(
        z.object({
          symbol: z.string(),
          in: z.array(z.string()),
          untrusted: untrustedSchemaFor("its name, by the desk's own entity").nullable(),
        }),
      ),
      searched: z.array(z.string()),
      /** Why the list has no others. */
      note: z.string(),
      partial: z.boolean(),
    }),
  run: async ({ text }, context) => {
    const query = text.toLowerCase();
    const met = await symbolsMet(context);
    context.sources?.add("symbols search");
    const matches = met
      .filter(({ symbol, name }) => symbol.toLowerCase().includes(query) || name.toLowerCase().includes(query))
      .toSorted((a, b) => a.symbol.length - b.symbol.length || (a.symbol < b.symbol ? -1 : 1));
    return {
      status: matches.length === 0 ? "data_pending" : "ready",
      symbols: matches.slice(0, SYMBOLS_MAX).map(({ symbol, name, path, in: places }) => ({
        symbol,
        in: [...places],
        untrusted: name === "" ? null : untrustedText(context, path, name),
      })),
      searched: SEARCHED,
      note: NOTE,
      partial: matches.length > SYMBOLS_MAX,
    };
  },
  render: ({ symbols, note }, style) => [
    ...tableOr(
      style,
      [
        { title: "symbol", cell: ({ symbol }) => symbol },
        { title: "name", cell: ({ untrusted }) => untrusted?.text ?? "", shrinks: true },
        { title: "in", cell: ({ in: places }) => places.join(", ") },
      ],
      symbols,
      "no symbol matches",
    ),
    ...(style.isTty ? [style.paint("dim", oneLine(note))] : []),
  ],
});

interface MetSymbol {
  readonly symbol: string;
  name: string;
  /** The path of the entity that gives the name. */
  path: string;
  readonly in: Set<string>;
}

async function symbolsMet(context: CommandContext): Promise<readonly MetSymbol[]> {
  const desk = await readableDesk(context);
  const symbols = new Map<string, MetSymbol>();
  const add = (symbol: string, place: string, { name, path }: Pick<MetSymbol, "name" | "path"> = NO_ENTITY): void => {
    // A symbol that is no plain name cannot be passed to another command.
    if (shownSymbol(symbol) === UNNAMED) return;
    const met = symbols.get(symbol) ?? { symbol, name, path, in: new Set<string>() };
    met.in.add(place);
    if (met.name === "") [met.name, met.path] = [name, path];
    symbols.set(symbol, met);
  };
  const { entities, issues, files } = desk.workspace;
  for await (const entity of entities.all()) add(entity.symbol, "entities", entity);
  for (const issue of (await issues.list()).issues) for (const symbol of issue.symbols) add(symbol, "issues");
  for (const { symbol, connector } of desk.state.positions.values())
    if (isInScope(desk, context.actor, connector)) add(symbol, "positions");
  for (const { terms } of desk.state.orders.values())
    if (isInScope(desk, context.actor, terms.connector)) add(terms.symbol, "orders");
  for await (const path of allBarFiles(files)) {
    const symbol = symbolOfFileStem(path.slice(LAYOUT.bars.length + 1, -".csv".length));
    if (symbol !== undefined) add(symbol, LAYOUT.bars);
  }
  return [...symbols.values()];
}

const NO_ENTITY = { name: "", path: "" };

async function* allBarFiles(files: WorkspaceFiles) {
  for (let after: string | null = ""; after !== null;) {
    const query = { under: LAYOUT.bars, glob: "*.csv", after };
    const page: FilePage<ListedFile> = await files.list(query);
    for (const { path } of page.entries) yield path;
    after = page.next;
  }
}
