/** The CLI door: words in, a call, an answer or an error out, an exit code. It decides nothing about orders. */
import type { CommandEntry } from "../commands/command-entry.ts";
import { EXIT, QocError } from "../domain/error.ts";
import type { StatusView } from "../trading/status.ts";
import { type Parsed, parseArgv, usage } from "./argv.ts";
import { Interrupted } from "./prompts.ts";
import { OWN_ROWS, type OwnRow } from "./builtin-commands.ts";
import type { Session } from "./session.ts";
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
    const table = await world.table();
    const parsed = parseArgv<CommandEntry | OwnRow>(argv, [...table, ...OWN_ROWS]);
    if (parsed.globals.version) return await print(world, `${await world.version()}\n`);
    if (parsed.row === undefined || "own" in parsed.row || parsed.globals.help) return await help(parsed, table, world);
    row = parsed.row;
    return await interruptible((signal) => perform(row as CommandEntry, parsed, table, world, signal));
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    return reportError(error, row, world.io, manner);
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

async function perform(
  row: CommandEntry,
  { input, globals }: Parsed<CommandEntry | OwnRow>,
  table: readonly CommandEntry[],
  world: CliDeps,
  signal: AbortSignal,
): Promise<number> {
  const { openSession } = await import("./session.ts");
  const session = openSession(world, globals, table, signal);
  const given = await withStdin(row, input, world);
  switch (row.name) {
    case "approve":
      return await approveOne(session, row, given);
    case "status":
      return await status(session, row, given);
    case "key protect": {
      const { newPassphrase } = await import("./approve-flow.ts");
      return answer(session, row, { passphrase: await newPassphrase(session, row) });
    }
    case "down": {
      const code = await answer(session, row, given);
      const { waitForShutdown: untilGone } = await import("./wait-for-shutdown.ts");
      await untilGone(session, signal);
      return code;
    }
    case "demo":
      return answer(session, row, { ...given, yes: globals.yes });
    case "doctor": {
      const found = (await session.call(row, given)) as { readonly checks: readonly { readonly status: string }[] };
      await session.show(row, found);
      return found.checks.some((check) => check.status === "fail") ? EXIT.failed : EXIT.done;
    }
    default:
      return answer(
        session,
        row,
        globals.dryRun && row.args.some((arg) => arg.name === "dryRun") ? { ...given, dryRun: true } : given,
      );
  }
}

async function answer(session: Session, row: CommandEntry, input: Input): Promise<number> {
  const value = await session.call(row, input);
  if (value !== undefined) await session.show(row, value);
  return EXIT.done;
}

/** `--text -` reads standard input; a terminal is not waited for in silence. */
async function withStdin(row: CommandEntry, input: Input, world: CliDeps): Promise<Input> {
  const names = Object.entries(input).flatMap(([name, value]) => (value === "-" ? [name] : []));
  if (names.length === 0) return input;
  if (names.length > 1) throw usage(row, `only one of ${names.join(", ")} can be read from standard input`);
  if (world.io.isTty.in) world.io.err("reading standard input; end with Ctrl-D\n");
  return { ...input, [names[0] ?? ""]: await world.io.stdinText() };
}

async function approveOne(session: Session, row: CommandEntry, input: Input): Promise<number> {
  const { approve } = await import("./approve-flow.ts");
  const receipt = await approve(session, row, input);
  if (receipt === undefined) return EXIT.failed;
  await session.show(row, receipt);
  return EXIT.done;
}

/** On a terminal the pending list can be picked from, reviewed, approved and rejected. */
async function status(session: Session, row: CommandEntry, input: Input): Promise<number> {
  const { exitCode, ...rest } = input;
  const value = (await session.call(row, rest)) as StatusView;
  await session.show(row, value);
  const waiting = value.proposals.filter((proposal) => proposal.digest !== null);
  if (session.prompter !== undefined && session.world.io.isTty.out && value.up && waiting.length > 0) {
    const { reviewPending } = await import("./review-pending.ts");
    await reviewPending(session, waiting);
  }
  return exitCode === true && value.proposals.length > 0 ? EXIT.waiting : EXIT.done;
}

async function complete(words: readonly string[], world: CliDeps): Promise<number> {
  if (words[0] === "--help" || words[0] === "-h") {
    const { helpFor } = await import("./help.ts");
    return print(world, helpFor(["complete"], await world.table()));
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
  return print(world, await completions(words.slice(1), await world.table(), ask));
}
