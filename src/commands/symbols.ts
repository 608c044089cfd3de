/** symbols search: over what the desk has met. A venue is not asked: no connector can list what it trades. */
import { z } from "zod";
import { plainName } from "../domain/untrusted.ts";
import { listEntities } from "../workspace/entities.ts";
import { listFiles, openReadScope } from "../workspace/files.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { listIssues } from "../workspace/notes.ts";
import { type CommandContext, body, requireDesk } from "./command.ts";
import { untrustedSchemaFor, outsideText } from "./outside.ts";
import { isInScope } from "./scope.ts";

const SYMBOLS_MAX = 100;
const SEARCHED = ["entities", "issues", "positions", "orders", LAYOUT.bars];
const NOTE = "only symbols this desk has met; a venue may trade others: ask it with quotes get";

interface FoundSymbol {
  readonly symbol: string;
  name: string;
  /** Of the entity that gives the name. */
  path: string;
  readonly in: Set<string>;
}

export const symbolsSearch = body({
  input: z.strictObject({ text: z.string().trim().min(1).max(60) }),
  output: z.object({
    status: z.enum(["ready", "data_pending"]),
    symbols: z.array(
      z.object({
        symbol: z.string(),
        in: z.array(z.string()),
        untrusted: untrustedSchemaFor("its name, by the desk's own entity").nullable(),
      }),
    ),
    searched: z.array(z.string()),
    /** Why there are no others, or none. */
    note: z.string(),
    partial: z.boolean(),
  }),
  run: async ({ text }, call) => {
    const needle = text.toLowerCase();
    const met = await symbolsMet(call);
    call.sources?.add("symbols search");
    const fits = met.filter(
      ({ symbol, name }) => symbol.toLowerCase().includes(needle) || name.toLowerCase().includes(needle),
    );
    const closest = fits.toSorted((a, b) => a.symbol.length - b.symbol.length || (a.symbol < b.symbol ? -1 : 1));
    return {
      status: closest.length === 0 ? "data_pending" : "ready",
      symbols: closest.slice(0, SYMBOLS_MAX).map((one) => shown(call, one)),
      searched: SEARCHED,
      note: NOTE,
      partial: closest.length > SYMBOLS_MAX,
    };
  },
});

function shown(call: CommandContext, { symbol, name, path, in: places }: FoundSymbol) {
  return {
    symbol,
    in: [...places],
    untrusted: name === "" ? null : outsideText(call, path, name),
  };
}

async function symbolsMet(call: CommandContext): Promise<readonly FoundSymbol[]> {
  const { desk } = requireDesk(call);
  const met = new Map<string, FoundSymbol>();
  const meet = (symbol: string, place: string, name = "", path = ""): void => {
    // What is no plain name cannot be asked for either.
    if (plainName(symbol) === null) return;
    const known = met.get(symbol) ?? { symbol, name, path, in: new Set<string>() };
    known.in.add(place);
    if (known.name === "") [known.name, known.path] = [name, path];
    met.set(symbol, known);
  };
  const reading = await openReadScope(desk.disk, desk.root, desk.config);
  for (let after: string | null = ""; after !== null;) {
    const page: Awaited<ReturnType<typeof listEntities>> = await listEntities(reading, after);
    for (const { symbol, name, path } of page.entries) meet(symbol, "entities", name, path);
    after = page.next;
  }
  for (const { symbols } of await listIssues(desk.disk, desk.root))
    for (const symbol of symbols) meet(symbol, "issues");
  for (const { symbol, connector } of desk.state.positions.values())
    if (isInScope(desk, call.actor, connector)) meet(symbol, "positions");
  for (const { terms } of desk.state.orders.values())
    if (isInScope(desk, call.actor, terms.connector)) meet(terms.symbol, "orders");
  for (let after: string | null = ""; after !== null;) {
    const page: Awaited<ReturnType<typeof listFiles>> = await listFiles(reading, {
      under: LAYOUT.bars,
      glob: "*.csv",
      after,
    });
    for (const { path } of page.entries) meet(path.slice(LAYOUT.bars.length + 1, -4), LAYOUT.bars);
    after = page.next;
  }
  return [...met.values()];
}
