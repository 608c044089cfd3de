/** The CLI door: words in, a call, an answer or an error out, an exit code. It decides nothing about orders. */
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandRegistry } from "../commands/command.ts";
import { EXIT, QocError } from "../domain/error.ts";
import { type Parsed, parseArgv, usage } from "./argv.ts";
import { Interrupted } from "./prompts.ts";
import { OWN_ROWS, type OwnRow } from "./builtin-commands.ts";
import type { CliDeps } from "./cli-deps.ts";

export type { CliDeps as CliWorld } from "./cli-deps.ts";

type Input = Readonly<Record<string, unknown>>;

/** Live completions must not keep a shell waiting. */
const COMPLETE_MS = 300;

/** Runs one command line. Never rejects. */
export async function main(argv: readonly string[], lent: CliDeps): Promise<number> {
  // Read before the line is parsed: an error in the line itself is told in the same manner.
  const world = argv.includes("--no-color")
    ? { ...lent, io: { ...lent.io, colour: { out: false, err: false } } }
    : lent;
  const manner = { json: argv.includes("--json"), verbose: argv.includes("--verbose") || argv.includes("-v") };
  let row: CommandEntry | undefined;
  try {
    if (argv[0] === "complete") return await complete(argv.slice(1), world);
    const registry = await world.registry();
    const table = registry.entries;
    const parsed = parseArgv<CommandEntry | OwnRow>(argv, [...table, ...OWN_ROWS]);
    if (parsed.globals.version) return await print(world, `${await world.version()}\n`);
    if (parsed.row === undefined || "own" in parsed.row || parsed.globals.help) return await help(parsed, table, world);
    const entry = parsed.row;
    row = entry;
    return await interruptible((signal) => perform({ entry, parsed, registry, signal }, world));
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    return reportError(error, { entry: row, deps: world, mode: manner });
  }
}

async function print(world: CliDeps, text: string): Promise<number> {
  await world.io.out(text);
  return EXIT.done;
}

async function help(
  { row, input, globals }: Parsed<CommandEntry | OwnRow>,
  table: readonly CommandEntry[],
  world: CliDeps,
): Promise<number> {
  const { helpFor, helpMarkdown } = await import("./help.ts");
  if (row === undefined && !globals.help) {
    world.io.err(helpFor([], table));
    return EXIT.usage;
  }
  if (row !== undefined && !("own" in row)) return print(world, helpFor([row.name], table));
  if (input["all"] === true) return print(world, helpMarkdown(table));
  return print(world, helpFor(((input["words"] as string[] | undefined) ?? []).map(String), table));
}

/** Ctrl-C asks it to stop; a second one does not wait. SIGTERM is one Ctrl-C. */
async function interruptible(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(new Interrupted());
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await run(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

interface CommandLine {
  readonly entry: CommandEntry;
  readonly parsed: Parsed<CommandEntry | OwnRow>;
  readonly registry: CommandRegistry;
  readonly signal: AbortSignal;
}

/** Calls the command and prints its value, unless the command's own `cli` hook does both. */
async function perform({ entry, parsed, registry, signal }: CommandLine, deps: CliDeps): Promise<number> {
  const { input: parsedInput, globals } = parsed;
  const { openSession } = await import("./session.ts");
  const session = openSession({ deps, globals, registry, signal });
  const typedInput = await withStdin(entry, parsedInput, deps);
  const isDryRun = globals.dryRun && entry.args.some(({ name }) => name === "dryRun");
  const input = isDryRun ? { ...typedInput, dryRun: true } : typedInput;
  const command = await registry.load(entry.name);
  if (command.cli !== undefined) return command.cli(session, input);
  const value = await session.call(entry.name, input);
  if (value === undefined) return EXIT.done;
  await session.show(entry.name, value);
  return command.exitCode?.(value, input) ?? EXIT.done;
}

/** `--text -` reads standard input; a terminal is not waited for in silence. */
async function withStdin(row: CommandEntry, input: Input, world: CliDeps): Promise<Input> {
  const names = Object.entries(input).flatMap(([name, value]) => (value === "-" ? [name] : []));
  if (names.length === 0) return input;
  if (names.length > 1) throw usage(row, `only one of ${names.join(", ")} can be read from standard input`);
  if (world.io.isTty.in) world.io.err("reading standard input; end with Ctrl-D\n");
  return { ...input, [names[0] ?? ""]: await world.io.stdinText() };
}

async function complete(words: readonly string[], world: CliDeps): Promise<number> {
  if (words[0] === "--help" || words[0] === "-h") {
    const { helpFor } = await import("./help.ts");
    return print(world, helpFor(["complete"], (await world.registry()).entries));
  }
  const { SHELLS, completionScript, completions } = await import("./complete.ts");
  const shell = SHELLS.find((name) => name === words[0]);
  if (shell !== undefined) return print(world, completionScript(shell));
  if (words[0] !== "--") throw new QocError("USAGE", { message: `qoc complete ${SHELLS.join("|")}`, command: "" });
  const [{ callDaemon }, { resolve }] = await Promise.all([import("./client.ts"), import("node:path")]);
  const named = words.indexOf("-C");
  const cwd = resolve(world.cwd, named === -1 ? "." : (words[named + 1] ?? "."));
  const ask = async (command: string, input: Readonly<Record<string, unknown>>): Promise<unknown> =>
    callDaemon({
      socketPath: await world.socketFor(cwd),
      request: { command, input, channel: "cli", cwd },
      onNote: () => undefined,
      onValue: () => Promise.resolve(),
      signal: AbortSignal.timeout(COMPLETE_MS),
    });
  return print(world, await completions(words.slice(1), (await world.registry()).entries, ask));
}
