/**
 * Command-line sessions as text: `$ qoc …`, the stdout it prints, `! ` and what it prints on stderr, `[exit N]` where it is not
 * 0. Lines before the first `$` say what the session is about. `<ID>`, `<DIGEST>` and their kin stand for what differs from run
 * to run: the first sight of a name binds it, later ones (in commands too) must be the same text. A line that would read as
 * something else is written with a backslash in front.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";

export interface Step {
  /** As typed, `qoc` included, with its placeholders. */
  readonly command: string;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly exit: number;
}

export interface Transcript {
  readonly about: readonly string[];
  readonly steps: readonly Step[];
}

/** What a placeholder stands for. `binds`: the same name is the same text everywhere in the session. */
const KINDS: Readonly<Record<string, { readonly pattern: string; readonly binds: boolean }>> = {
  DIGEST: { pattern: "sha256:[0-9a-f]{64}", binds: true },
  ID: { pattern: "\\d{8}-\\d{3}", binds: true },
  CLIENTID: { pattern: "q[0-9a-f]{8}-[0-9a-z]+-[0-9a-f]{4}", binds: true },
  TIME: { pattern: "\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?Z?", binds: false },
  DATE: { pattern: "\\d{4}-\\d\\d-\\d\\d", binds: false },
  PRICE: { pattern: "\\d+(?:\\.\\d+)?", binds: false },
  N: { pattern: "-?[\\d.,]+", binds: false },
  HEX: { pattern: "[0-9a-f]+", binds: false },
  WORD: { pattern: "\\S+", binds: false },
  ANY: { pattern: ".*", binds: false },
};
/** Written by an update in place of what was printed; the others are put there by hand. */
const GENERALISED = ["DIGEST", "ID", "CLIENTID", "TIME"] as const;
const PLACEHOLDER = /<([A-Z]+)(\d*)>/g;

export type Bindings = Map<string, string>;

export function parseTranscript(text: string): Transcript {
  const about: string[] = [];
  const steps: { command: string; out: string[]; err: string[]; exit: number }[] = [];
  for (const line of text.split("\n")) {
    const step = steps.at(-1);
    const exit = /^\[exit (\d+)\]$/.exec(line)?.[1];
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), out: [], err: [], exit: 0 });
    else if (step === undefined) about.push(line);
    else if (line === "!" || line.startsWith("! ")) step.err.push(line.slice(2));
    else if (exit !== undefined) step.exit = Number(exit);
    else step.out.push(line.startsWith("\\") ? line.slice(1) : line);
  }
  return {
    about: untailed(about),
    steps: steps.map((step) => ({ ...step, out: untailed(step.out), err: untailed(step.err) })),
  };
}

export function printTranscript({ about, steps }: Transcript): string {
  const blocks = steps.map(({ command, out, err, exit }) => [
    `$ ${command}`,
    ...out.map((line) => (/^(\$ |!( |$)|\[exit \d+\]$|\\)/.test(line) ? `\\${line}` : line)),
    ...err.map((line) => `! ${line}`.trimEnd()),
    ...(exit === 0 ? [] : [`[exit ${exit}]`]),
  ]);
  return `${[about, ...blocks]
    .map((lines) => lines.join("\n"))
    .join("\n\n")
    .trim()}\n`;
}

/** Empty lines at the end separate steps; they say nothing. */
function untailed(lines: readonly string[]): string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

/** Does `actual` read as `expected`? Binds the names met for the first time; nothing is bound where it does not. */
export function matches(expected: string, actual: string, bindings: Bindings): boolean {
  const groups: string[] = [];
  let last = 0;
  let pattern = "";
  for (const found of expected.matchAll(PLACEHOLDER)) {
    const kind = KINDS[found[1] ?? ""];
    if (kind === undefined && !bindings.has(found[0])) continue;
    pattern += literal(expected.slice(last, found.index));
    last = found.index + found[0].length;
    const bound = bindings.get(found[0]);
    const index = groups.indexOf(found[0]);
    if (bound !== undefined) pattern += literal(bound);
    else if (kind?.binds === true && index >= 0) pattern += `\\${index + 1}`;
    else if (kind?.binds === true) {
      groups.push(found[0]);
      pattern += `(${kind.pattern})`;
    } else pattern += `(?:${kind?.pattern})`;
  }
  const match = new RegExp(`^${pattern}${literal(expected.slice(last))}$`, "u").exec(actual);
  if (match === null) return false;
  for (const [index, name] of groups.entries()) bindings.set(name, match[index + 1] ?? "");
  return true;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** What was printed, with what differs from run to run named: known names by their text, new ones numbered from 2. */
export function generalise(actual: string, bindings: Bindings): string {
  let line = actual;
  for (const [name, value] of bindings) line = line.replaceAll(value, name);
  for (const kind of GENERALISED) {
    const { pattern, binds } = KINDS[kind] ?? { pattern: "$^", binds: false };
    line = line.replace(new RegExp(`(?<![\\w<])${pattern}(?!\\w)`, "gu"), (value) =>
      binds ? nameFor(kind, value, bindings) : `<${kind}>`,
    );
  }
  return line;
}

function nameFor(kind: string, value: string, bindings: Bindings): string {
  for (let n = 1; ; n++) {
    const name = `<${kind}${n === 1 ? "" : n}>`;
    const bound = bindings.get(name);
    if (bound === value) return name;
    if (bound !== undefined) continue;
    bindings.set(name, value);
    return name;
  }
}

/** A typed line as words: quotes hold spaces, nothing is expanded but placeholders. */
export function wordsOf(command: string, bindings: Bindings): readonly string[] {
  return [...command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word
      .replace(
        /"([^"]*)"|'([^']*)'/g,
        (_, double: string | undefined, single: string | undefined) => double ?? single ?? "",
      )
      .replace(PLACEHOLDER, (name) => bindings.get(name) ?? name),
  );
}

export interface Ran {
  readonly out: string;
  readonly err: string;
  readonly exit: number;
}
export type RunQoc = (words: readonly string[]) => Promise<Ran>;

/** Runs the real program with its streams piped. */
export function processRunner(bin: string, cwd: string, env: NodeJS.ProcessEnv): RunQoc {
  return (words) =>
    new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [bin, ...words],
        { cwd, env, maxBuffer: 16 * 1024 * 1024 },
        (error, out, err) =>
          resolve({ out, err, exit: error === null ? 0 : typeof error.code === "number" ? error.code : 1 }),
      );
      child.stdin?.end();
    });
}

export interface PlayOptions {
  readonly bindings: Bindings;
  readonly update: boolean;
}

/**
 * Plays a session and answers what differs, one text a step; nothing: all is as written. With `update` the file is written anew
 * from what was printed, and only steps that cannot be run differ. A step after one that differs is played all the same.
 */
export async function playTranscript(
  file: string,
  run: RunQoc,
  { bindings, update }: PlayOptions,
): Promise<readonly string[]> {
  const { about, steps } = parseTranscript(await readFile(file, "utf8"));
  const problems: string[] = [];
  const played: Step[] = [];
  for (const step of steps) {
    const [program, ...words] = wordsOf(step.command, bindings);
    if (program !== "qoc") {
      problems.push(`$ ${step.command}\n  only qoc is run here`);
      continue;
    }
    const ran = await run(words);
    const [out, err] = [linesOf(ran.out), linesOf(ran.err)];
    const differing = [...difference("", step.out, out, bindings), ...difference("! ", step.err, err, bindings)];
    if (ran.exit !== step.exit) differing.push(`  exit ${ran.exit}, expected ${step.exit}`);
    if (differing.length > 0) problems.push([`$ ${step.command}`, ...differing].join("\n"));
    const kept = (expected: readonly string[], actual: readonly string[]): string[] =>
      actual.map((line, index) => {
        const before = expected[index];
        return before !== undefined && matches(before, line, bindings) ? before : generalise(line, bindings);
      });
    if (update)
      played.push({ command: step.command, out: kept(step.out, out), err: kept(step.err, err), exit: ran.exit });
  }
  if (!update) return problems;
  await writeFile(file, printTranscript({ about, steps: played }));
  return problems.filter((problem) => problem.endsWith("only qoc is run here"));
}

function linesOf(text: string): readonly string[] {
  return untailed(text.split("\n").map((line) => line.trimEnd()));
}

function difference(
  mark: string,
  expected: readonly string[],
  actual: readonly string[],
  bindings: Bindings,
): string[] {
  // Every line is tried, so that a name is bound even where another line differs.
  const same = actual.filter(
    (line, index) => expected[index] !== undefined && matches(expected[index], line, bindings),
  );
  const isSame = same.length === actual.length && expected.length === actual.length;
  if (isSame) return [];
  return [
    ...expected.map((line) => `  - ${mark}${line}`),
    ...actual.map((line) => `  + ${mark}${generalise(line, new Map(bindings))}`),
  ];
}
