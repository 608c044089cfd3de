/** The command line: checks the words, calls the command, prints its value or its error, and returns the exit code. */
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandRegistry } from "../commands/command.ts";
import { EXIT, QocError } from "../domain/errors/error.ts";
import { BUILTIN_COMMANDS } from "./builtin-commands.ts";
import type { CliDeps } from "./cli-deps.ts";
import type { CommandTreeInput } from "./command-tree.ts";
import { Interrupted } from "./prompts.ts";
import { MissingVerb, checkCommandLine, usage } from "./strict-args.ts";

/** Completion of ids gives up after this time, so that the shell does not wait for a slow desk. */
const COMPLETE_TIMEOUT_MS = 300;

/** Runs one command line and returns its exit code. Never rejects. */
export async function main(argv: readonly string[], providedDeps: CliDeps): Promise<number> {
  // These flags are read before the line is checked, so that an error in the line is printed as they say.
  const mode = { json: argv.includes("--json"), verbose: argv.includes("--verbose") || argv.includes("-v") };
  const deps = argv.includes("--no-color") ? withoutColour(providedDeps) : providedDeps;
  let entry: CommandEntry | undefined;
  try {
    if (argv[0] === "complete") return await complete(argv.slice(1), deps);
    const registry = await deps.registry();
    const line = checkCommandLine(argv, [...registry.entries, ...BUILTIN_COMMANDS]);
    const printText = textPrinter(deps, mode.json);
    if (line.globals.version) return await printText("version", `${await deps.version()}\n`);
    if (line.globals.help) return await printHelp(line.entry?.name ?? line.noun ?? "", registry.entries, printText);
    if (line.entry === undefined) {
      if (mode.json) throw usage(undefined, "a command is missing");
      return await printUsage("", deps);
    }
    entry = line.entry;
    refuseRemote(deps);
    const builtIn = {
      complete: (words: readonly string[]) => complete(words, deps),
      help: helpPrinter(registry, printText),
    };
    return await interruptible(async (signal) => {
      const { runLine } = await import("./run-line.ts");
      return runLine(line, { registry, deps, signal, builtIn });
    });
  } catch (error) {
    if (error instanceof MissingVerb && !mode.json) return printUsage(error.noun, deps);
    const { reportError } = await import("./report-error.ts");
    return reportError(error, { entry, deps, mode });
  }
}

/** A person who names a desk elsewhere must not act on the desk of this folder. @throws REMOTE_NOT_YET. */
function refuseRemote({ env }: Pick<CliDeps, "env">): void {
  const name = ["QOC_API_URL", "QOC_AUTH_TOKEN"].find((variable) => (env[variable] ?? "") !== "");
  if (name !== undefined) throw new QocError("REMOTE_NOT_YET", { name });
}

function withoutColour(deps: CliDeps): CliDeps {
  return { ...deps, io: { ...deps.io, colour: { out: false, err: false } } };
}

async function print({ io }: CliDeps, text: string): Promise<number> {
  await io.out(text);
  return EXIT.done;
}

/** Prints a text; with --json as an object with the text under this name, without its line end. */
type PrintText = (name: "help" | "version", text: string) => Promise<number>;

function textPrinter(deps: CliDeps, isJson: boolean): PrintText {
  return async (name, text) => {
    if (!isJson) return print(deps, text);
    const { jsonText } = await import("./render.ts");
    return print(deps, `${jsonText({ [name]: text.trimEnd() }, 0)}\n`);
  };
}

/** `page` is a command, a noun, a topic, or "" for the first page. */
async function printHelp(page: string, entries: readonly CommandEntry[], printText: PrintText): Promise<number> {
  const { helpFor } = await import("./help.ts");
  return printText("help", helpFor(page, entries));
}

/** `qoc help`: one page, or all pages as Markdown. */
function helpPrinter({ entries }: CommandRegistry, printText: PrintText) {
  return async (words: readonly string[], isAll: boolean): Promise<number> => {
    if (!isAll) return printHelp(words.join(" "), entries, printText);
    const { helpMarkdown } = await import("./help.ts");
    return printText("help", helpMarkdown(entries));
  };
}

/** The line names no command: prints help as an error. */
async function printUsage(noun: string, { io, registry }: CliDeps): Promise<number> {
  const { helpFor } = await import("./help.ts");
  io.err(helpFor(noun, (await registry()).entries));
  return EXIT.usage;
}

/** The first Ctrl-C or SIGTERM aborts the signal; the second one ends the process. */
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

/**
 * `qoc complete SHELL` prints the shell's script; `qoc complete -- WORDS` prints the completions of the last of WORDS.
 */
async function complete(words: readonly string[], deps: CliDeps): Promise<number> {
  const [first] = words;
  if (first === "--help" || first === "-h")
    return printHelp("complete", (await deps.registry()).entries, textPrinter(deps, words.includes("--json")));
  const { SHELLS, completionScript, completions } = await import("./complete.ts");
  const shell = SHELLS.find((name) => name === first);
  if (shell !== undefined) return print(deps, completionScript(shell));
  if (first !== "--") throw new QocError("USAGE", { message: `qoc complete ${SHELLS.join("|")}`, command: "" });
  const { resolve } = await import("node:path");
  const index = words.indexOf("-C");
  const cwd = resolve(deps.cwd, index === -1 ? "." : (words[index + 1] ?? "."));
  const callDesk = async (command: string, input: CommandTreeInput): Promise<unknown> => {
    const address = await deps.deskAt(cwd);
    // The client loads schemas, which the completion of a word does not need.
    const { callDaemon } = await import("./client.ts");
    return callDaemon({
      address,
      request: { command, input, cwd },
      progress: { line: () => undefined },
      onValue: () => Promise.resolve(),
      signal: AbortSignal.timeout(COMPLETE_TIMEOUT_MS),
    });
  };
  return print(deps, await completions(words.slice(1), (await deps.registry()).entries, callDesk));
}
