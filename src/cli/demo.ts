/**
 * The demo: goes from an empty folder to a filled order on its own desk, by the commands that a user would type. Every
 * line that it prints is read from the result of a command: without a guard in desk.toml, its output is different.
 */
import { type ErrorJson, QocError } from "../domain/errors/error.ts";
import type { Review } from "../domain/orders/review-view.ts";
import { reasonText } from "../domain/orders/verdict.ts";
import { approvalQuestion } from "../commands/orders/approval-flow.ts";
import { amountText } from "../commands/rendering/money.ts";
import { wrap } from "../commands/rendering/terminal-text.ts";
import { tryParseJson } from "../lib/json.ts";
import { quoteForShell } from "../lib/shell.ts";
import { type PlotPoint, plot } from "../commands/rendering/plot.ts";
import { counted } from "../lib/counted.ts";

const WIDTH = 80;
const INDENT = "    ";
const DEEP = "        ";

/**
 * Runs one command line in the demo's workspace. With `onLine` the lines for a person are passed on as they come, and
 * there is no JSON.
 */
export type CliLine = (args: readonly string[], onLine?: (line: string) => void) => Promise<CliResult>;

export interface CliResult {
  readonly code: number;
  readonly json: unknown;
  /** Standard error, or standard output if standard error is empty. */
  readonly text: string;
}

export interface DemoDeps {
  readonly dir: string;
  readonly runCli: CliLine;
  readonly print: (line: string) => void;
  /** Returns the typed answer; undefined: no person can be asked, and the demo goes on. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** Resolves after about `ms`. The paper market moves in wall time. */
  readonly wait: (ms: number) => Promise<void>;
  /** A clock. */
  readonly seconds: () => number;
  /** Sets the seconds of a trading day in the new desk.toml. */
  readonly speedUp: (barSeconds: number) => Promise<void>;
  /** The words that start this program in a shell. */
  readonly qoc: string;
}

export interface DemoResult {
  readonly path: string;
  /** The id of the approved order. */
  readonly approved: string | null;
  readonly nav: string;
}

interface OrderJson {
  id: string;
  state: string;
  path: string;
  digest: string;
  fills: { quantity: string; price: string; time: string }[];
  review: Review | null;
}

const BAR_SECONDS = 1;
const FILL_ROUNDS_MAX = 60;
const FILL_WAIT_MS = 150;
const CURVE_POINTS = 12;
const CURVE_WAIT_MS = 300;

/** If a step fails, the desk is stopped. @throws DEMO_STOPPED, with the message and the hint of the command. */
export async function runDemoScript(deps: DemoDeps): Promise<DemoResult> {
  const started = deps.seconds();
  const printStep = stepPrinter(deps.print);
  printStep("Create a desk and start it.", "qoc init, qoc up --detach");
  await runOk(deps, ["init", deps.dir]);
  try {
    return await runSteps(deps, printStep, started);
  } catch (error) {
    await deps.runCli(["down"]);
    throw error;
  }
}

async function runSteps(deps: DemoDeps, printStep: PrintStep, started: number): Promise<DemoResult> {
  const { dir, print } = deps;
  await startDesk(deps);

  printStep("An agent works on an issue and proposes orders.", "qoc run issues/001-first-look.md");
  const curve: PlotPoint[] = [pointAt(await readNav(deps))];
  await runOk(deps, ["run", "issues/001-first-look.md"], (line) => printWrapped(print, INDENT, line));
  const proposed = (await runOk(deps, ["orders", "list", "--state", "proposed"])) as { id: string }[];
  const orders: OrderJson[] = [];
  for (const { id } of proposed) orders.push((await runOk(deps, ["orders", "show", id])) as OrderJson);

  printStep("Review the proposals. The guards have checked them.", "qoc status, qoc orders show");
  for (const order of orders) printProposal(print, order);
  const allowed = orders.find((order) => order.review?.decision === "allow");
  let approved: string | null = null;
  if (allowed === undefined) print(`${INDENT}No proposal passes the guards, so no order can be sent.`);
  else approved = await approveAndWait(deps, printStep, allowed, curve);

  const others = orders.filter((order) => order !== allowed);
  printStep("Reject the rest; the next run of the agent reads why.", "qoc reject ID --comment TEXT");
  for (const { id } of others) {
    await runOk(deps, ["reject", id, "--comment", "ten times too large"]);
    print(`${INDENT}${id} is rejected.`);
  }

  printStep("Read the decisions in the journal.", "qoc decisions");
  await printDecisions(deps);
  const nav = await watchEquity(deps, printStep, curve);
  await runOk(deps, ["down"]);
  print("");
  print(`That took ${(deps.seconds() - started).toFixed(1)} s. This desk is yours to keep:`);
  print(`${INDENT}${dir}`);
  print(`Its market is fast: bar_seconds = ${BAR_SECONDS} in its desk.toml; a new desk has 60.`);
  print("The guards are in desk.toml too. Remove one, repeat the steps, and compare.");
  print(`next: ${deps.qoc} up -C ${quoteForShell(dir)}`);
  return { path: dir, approved, nav };
}

async function startDesk(deps: DemoDeps): Promise<void> {
  const { print } = deps;
  await deps.speedUp(BAR_SECONDS);
  print(`${INDENT}A folder of plain files is made. The desk starts in the background.`);
  const up = ["up", "--detach"];
  let result = await deps.runCli(up);
  // Another program can take the port that `init` found free.
  const free = errorOf(result)?.details?.["free"];
  if (free !== undefined) result = await deps.runCli([...up, "--port", String(free)]);
  if (result.code !== 0) throw failureOf(deps, up, result);
  const { connectors = [] } = result.json as { connectors?: { name: string; mode: string; state: string }[] };
  for (const { name, mode, state } of connectors)
    print(`${INDENT}The connector ${name} is ${state}. Its mode is ${mode.toUpperCase()}.`);
}

type PrintStep = (sentence: string, commands: string) => void;

function stepPrinter(print: (line: string) => void): PrintStep {
  let number = 0;
  return (sentence, commands) => {
    number += 1;
    print("");
    const [head, tail] = [`${number}. ${sentence}`, `[${commands}]`];
    if (head.length + tail.length + 2 <= WIDTH) print(`${head}  ${tail}`);
    else for (const line of [head, `   ${tail}`]) print(line);
  };
}

function printWrapped(print: (line: string) => void, indent: string, text: string): void {
  wrap(text, WIDTH - indent.length - 2).forEach((line, index) => print(`${indent}${index === 0 ? "" : "  "}${line}`));
}

function printProposal(print: (line: string) => void, { id, state, review }: OrderJson): void {
  print(`${INDENT}${id}: ${review?.sentence ?? state}`);
  if (review === null) return;
  const shown = (value: string | null, unit: string): string =>
    value === null ? "unavailable" : unit === "" ? value : unit === "%" ? `${value} %` : amountText(value, unit);
  for (const { what, before, after, unit } of review.book)
    print(`${DEEP}${what.padEnd(14)} ${shown(before, unit)} -> ${shown(after, unit)}`);
  const failed = review.checks.filter(({ decision }) => decision === "block");
  const passed = review.checks.length - failed.length;
  print(
    `${DEEP}${counted(passed, "check passes", "checks pass")}${failed.length === 0 ? "." : `, ${counted(failed.length, "blocks", "block")}:`}`,
  );
  for (const check of failed) printWrapped(print, DEEP, `✗ ${reasonText(check)}`);
}

/** Returns the id of the order if it was approved. */
async function approveAndWait(
  deps: DemoDeps,
  printStep: PrintStep,
  order: OrderJson,
  curve: PlotPoint[],
): Promise<string | null> {
  const { print } = deps;
  const { id, digest } = order;
  printStep(`Approve ${id} by its digest.`, `qoc approve ${id} --digest ${digest.slice(0, 15)}...`);
  const receipt = await approveShown(deps, order);
  if (receipt === undefined) {
    print(`${INDENT}Not approved. No order was sent.`);
    return null;
  }
  print(`${INDENT}The order is ${receipt.state}. Its id at the venue is ${receipt.venueOrderId}.`);
  printStep("The venue reports the fill.", `qoc orders show ${id}`);
  let current = order;
  for (let round = 0; round < FILL_ROUNDS_MAX && current.state !== "filled"; round++) {
    await deps.wait(FILL_WAIT_MS);
    current = (await runOk(deps, ["orders", "show", id])) as OrderJson;
    curve.push(pointAt(await readNav(deps)));
  }
  for (const { quantity, price, time } of current.fills)
    print(`${INDENT}Filled: ${quantity} at ${price}, on ${time.slice(0, 10)} in the market of the venue.`);
  print(`${INDENT}The order is in ${current.path}`);
  const inbox = (await runOk(deps, ["inbox", "list", "--status", "new"])) as { path: string }[];
  for (const { path } of inbox) print(`${INDENT}New in the inbox: ${path}`);
  return id;
}

const REVIEWS_MAX = 10;

/** Shows the order again as often as the market changes its terms before the answer. Returns undefined if refused. */
async function approveShown(
  deps: DemoDeps,
  order: OrderJson,
): Promise<{ readonly state: string; readonly venueOrderId: string } | undefined> {
  let shown = order;
  for (let reviews = 1; ; reviews++) {
    const { id, digest, review } = shown;
    if (review === null || !(await isConfirmed(deps, review))) return undefined;
    const args = ["approve", id, "--digest", digest];
    const result = await deps.runCli(args);
    if (result.code === 0) return result.json as { state: string; venueOrderId: string };
    const isStale = errorOf(result)?.code === "DIGEST_MISMATCH";
    if (reviews === REVIEWS_MAX || !isStale) throw failureOf(deps, args, result);
    printWrapped(deps.print, INDENT, "The market left the order's protection price, so the order has new terms:");
    shown = (await runOk(deps, ["orders", "show", id])) as OrderJson;
    printProposal(deps.print, shown);
  }
}

/** The question of `qoc approve`. */
async function isConfirmed({ ask }: DemoDeps, review: Review): Promise<boolean> {
  const { question, word } = approvalQuestion(review);
  const answer = await ask(question);
  return answer === undefined || answer.toLowerCase() === word.toLowerCase();
}

async function printDecisions(deps: DemoDeps): Promise<void> {
  const decisions = (await runOk(deps, ["decisions"])) as {
    date: string;
    decision: string;
    side: string;
    quantity: string;
    symbol: string;
    note: string;
  }[];
  for (const { date, decision, side, quantity, symbol, note } of decisions)
    deps.print(`${INDENT}${date.slice(0, 10)} ${decision} ${side} ${quantity} ${symbol} [${note}]`);
}

/** Returns the NAV of the snapshot. */
async function watchEquity(deps: DemoDeps, printStep: PrintStep, curve: PlotPoint[]): Promise<string> {
  const { print } = deps;
  printStep("Take a snapshot, and plot the equity of this demo.", "qoc snapshot");
  const trading = (CURVE_POINTS * CURVE_WAIT_MS) / 1000 / BAR_SECONDS;
  print(`${INDENT}The market moves on for about ${trading.toFixed(0)} trading days.`);
  for (let point = 0; point < CURVE_POINTS; point++) {
    await deps.wait(CURVE_WAIT_MS);
    const nav = await readNav(deps);
    curve.push(pointAt(nav));
    if (point % 3 === 2) print(`${INDENT}NAV ${amountText(nav, "USD")}`);
  }
  const snapshot = (await runOk(deps, ["snapshot"])) as { nav: string; path: string };
  for (const line of plot(curve, 60, 6)) print(`${INDENT}${line}`);
  print(`${INDENT}The book is in ${snapshot.path}`);
  return snapshot.nav;
}

function pointAt(nav: string): PlotPoint {
  return { label: "NAV", value: Number(nav) };
}

async function readNav(deps: DemoDeps): Promise<string> {
  await runOk(deps, ["positions", "list"]);
  const status = (await runOk(deps, ["status"])) as { book: { nav: string } };
  return status.book.nav;
}

/** Runs a command and returns its value. @throws DEMO_STOPPED if its exit code is not 0. */
async function runOk(deps: DemoDeps, args: readonly string[], onLine?: (line: string) => void): Promise<unknown> {
  const result = await deps.runCli(args, onLine);
  if (result.code !== 0) throw failureOf(deps, args, result);
  return result.json;
}

function failureOf({ dir }: DemoDeps, args: readonly string[], result: CliResult): QocError {
  const { message, hint } = errorOf(result) ?? {};
  return new QocError("DEMO_STOPPED", {
    command: args.join(" "),
    where: args[0] === "init" ? "" : `; its desk is in ${dir}`,
    message: message ?? (result.text.trim() || `exit code ${result.code}`),
    next: hint ?? "qoc doctor",
  });
}

/** The error that the command printed as JSON. */
function errorOf({ code, text }: CliResult): Partial<ErrorJson> | undefined {
  return code === 0 ? undefined : (tryParseJson(text.trim()) as Partial<ErrorJson> | undefined);
}
