/**
 * Command-line sessions as text: `$ qoc …`, then stdout, stderr lines with `! ` in front, and `[exit N]` if N is not 0.
 * Lines before the first `$` describe the session. Placeholders such as `<ID>` and `<DIGEST>` replace texts that
 * differ from run to run: the first use of a name binds it, and later uses, also in commands, must be the same text. A
 * line that could be mistaken for another kind has a backslash in front.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";

export interface Step {
  /** The command as typed, with `qoc` and placeholders. */
  readonly command: string;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly exit: number;
}

export interface Transcript {
  readonly about: readonly string[];
  readonly steps: readonly Step[];
}

/** The pattern of a placeholder. `binds`: the same name is the same text everywhere in the session. */
const KINDS: Readonly<Record<string, { readonly pattern: string; readonly binds: boolean }>> = {
  DIGEST: { pattern: "sha256:[0-9a-f]{64}", binds: true },
  ID: { pattern: "\\d{8}-\\d{3}", binds: true },
  CLIENTID: { pattern: "q[0-9a-z]{16}", binds: true },
  TIME: { pattern: "\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?Z?", binds: false },
  DATE: { pattern: "\\d{4}-\\d\\d-\\d\\d", binds: false },
  PRICE: { pattern: "\\d+(?:\\.\\d+)?", binds: false },
  N: { pattern: "-?[\\d.,]+", binds: false },
  HEX: { pattern: "[0-9a-f]+", binds: false },
  WORD: { pattern: "\\S+", binds: false },
  ANY: { pattern: ".*", binds: false },
};
/** The placeholders that an update writes; the others are written by hand. */
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

/** Removes the empty lines at the end, which only separate steps. */
function untailed(lines: readonly string[]): string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

/** Whether `actual` matches `expected`. Binds new names if it does, and nothing if it does not. */
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

/** Returns the output with placeholders: bound texts get their names, new texts get names numbered from 2. */
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

/** Splits a typed line into arguments: quotes group words, and only placeholders are expanded. */
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

/** Runs the real program with piped streams. */
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
 * Runs a session and returns the differences, one text for each step. With `update` it rewrites the file from the
 * output, and returns only steps that cannot run. Steps after a difference are run as well.
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
  // Every line is compared, so that names are bound even if another line differs.
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
