/**
 * The demo: goes from an empty folder to a filled order on its own desk, by the commands that a user would type. Every
 * line that it prints is read from the result of a command: without a guard in desk.toml, its output is different.
 */
import type { Progress } from "../domain/ports.ts";
import { wrap } from "../commands/rendering/terminal-text.ts";
import { type PlotPoint, plot } from "./plot.ts";

const WIDTH = 80;
const INDENT = "        ";

/** Runs one command of the real CLI in the demo's workspace. */
export type RunCli = (args: readonly string[]) => Promise<CliResult>;

export interface CliResult {
  readonly code: number;
  readonly json: unknown;
  /** The lines of progress. */
  readonly notes: readonly string[];
  /** Standard error, or standard output if standard error is empty. */
  readonly text: string;
}

export interface DemoDeps {
  readonly dir: string;
  readonly runCli: RunCli;
  readonly print: (line: string) => void;
  /** Prompts for yes or no; returns true without a prompt off a terminal. */
  readonly confirm: (message: string) => Promise<boolean>;
  /** Resolves after about `ms`. The paper market moves in wall time. */
  readonly wait: (ms: number) => Promise<void>;
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
  review: {
    sentence: string;
    decision: string;
    checks: { guard: string; decision: string; message: string }[];
    book: { what: string; before: string | null; after: string | null; unit: string }[];
  } | null;
}

const FILL_ROUNDS_MAX = 60;
const FILL_WAIT_MS = 150;
const CURVE_POINTS = 8;
const CURVE_WAIT_MS = 400;

export async function runDemoScript(deps: DemoDeps): Promise<DemoResult> {
  const { dir, print } = deps;
  const printStep = stepPrinter(print);
  printStep("Create a desk and start it.", "qoc init, qoc up --detach");
  await runOk(deps, ["init", dir]);
  const started = (await runOk(deps, ["up", "--detach"])) as {
    connectors?: { name: string; mode: string; state: string }[];
  };
  for (const { name, mode, state } of started.connectors ?? [])
    print(`    The connector ${name} is ${state}. Its mode is ${mode.toUpperCase()}.`);

  printStep("An agent works on an issue and proposes orders.", "qoc run issues/001-first-look.md");
  const curve: PlotPoint[] = [await readNav(deps)];
  const run = (await runOk(deps, ["run", "issues/001-first-look.md"], { line: (line) => print(`    ${line}`) })) as {
    proposals: string[];
  };
  const orders: OrderJson[] = [];
  for (const id of run.proposals) orders.push((await runOk(deps, ["orders", "show", id])) as OrderJson);

  printStep("Review the proposals. The guards have checked them.", "qoc status, qoc orders show");
  for (const order of orders) printProposal(print, order);
  const allowed = orders.find((order) => order.review?.decision === "allow");
  let approved: string | null = null;
  if (allowed === undefined) print("    No proposal passes the guards, so no order can be sent.");
  else approved = await approveAndWait(deps, printStep, allowed, curve);
  for (const { id } of orders)
    if (id !== allowed?.id) await runOk(deps, ["reject", id, "--comment", "ten times too large"]);

  printStep("Read the decisions in the journal.", "qoc decisions");
  await printDecisions(deps);
  for (let point = 0; point < CURVE_POINTS; point++) {
    await deps.wait(CURVE_WAIT_MS);
    curve.push(await readNav(deps));
  }
  printStep("Take a snapshot. The plot shows the equity during this demo.", "qoc snapshot");
  const snapshot = (await runOk(deps, ["snapshot"])) as { nav: string; path: string };
  for (const line of plot(curve, 60, 6)) print(`    ${line}`);
  await runOk(deps, ["down"]);
  print("");
  print(`This desk is yours to keep: ${dir}`);
  print(`next: cd ${dir} && qoc up`);
  print("The guards are in desk.toml. Remove one, repeat the steps, and compare.");
  return { path: dir, approved, nav: snapshot.nav };
}

type PrintStep = (sentence: string, commands: string) => void;

function stepPrinter(print: (line: string) => void): PrintStep {
  let number = 0;
  return (sentence, commands) => {
    number += 1;
    print("");
    print(`${number}. ${sentence}   [${commands}]`);
  };
}

function printProposal(print: (line: string) => void, { id, state, review }: OrderJson): void {
  print(`    ${id}: ${review?.sentence ?? state}`);
  if (review === null) return;
  for (const { what, before, after, unit } of review.book)
    print(`        ${what.padEnd(14)} ${before ?? "unavailable"} -> ${after ?? "unavailable"} ${unit}`.trimEnd());
  const failed = review.checks.filter(({ decision }) => decision === "block");
  const passed = review.checks.length - failed.length;
  print(`        ${passed} checks pass${failed.length === 0 ? "." : `, ${failed.length} block:`}`);
  for (const { guard, message } of failed) {
    const [first = "", ...others] = wrap(`x ${guard}: ${message}`, WIDTH - INDENT.length - 2);
    print(`${INDENT}${first}`);
    for (const line of others) print(`${INDENT}  ${line}`);
  }
}

/** Returns the id of the order if it was approved. */
async function approveAndWait(
  deps: DemoDeps,
  printStep: PrintStep,
  order: OrderJson,
  curve: PlotPoint[],
): Promise<string | null> {
  const { print } = deps;
  const { id, digest, review } = order;
  printStep(`Approve ${id} by its digest.`, `qoc approve ${id} --digest ${digest.slice(0, 15)}...`);
  if (!(await deps.confirm(`Approve: ${review?.sentence ?? id}?`))) {
    print("    Not approved. No order was sent.");
    return null;
  }
  const receipt = (await runOk(deps, ["approve", id, "--digest", digest])) as { state: string; venueOrderId: string };
  print(`    The order is ${receipt.state}. Its id at the venue is ${receipt.venueOrderId}.`);
  printStep("The venue reports the fill.", `qoc orders show ${id}`);
  let current = order;
  for (let round = 0; round < FILL_ROUNDS_MAX && current.state !== "filled"; round++) {
    await deps.wait(FILL_WAIT_MS);
    current = (await runOk(deps, ["orders", "show", id])) as OrderJson;
    if (round % 4 === 0) curve.push(await readNav(deps));
  }
  for (const { quantity, price, time } of current.fills)
    print(`    Filled: ${quantity} at ${price}, on ${time.slice(0, 10)} in the market of the venue.`);
  print(`    The order is in ${current.path}`);
  const inbox = (await runOk(deps, ["inbox", "list", "--status", "new"])) as { path: string }[];
  for (const { path } of inbox) print(`    New in the inbox: ${path}`);
  return id;
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
    deps.print(`    ${date.slice(0, 10)} ${decision} ${side} ${quantity} ${symbol} [${note}]`);
}

async function readNav(deps: DemoDeps): Promise<PlotPoint> {
  await runOk(deps, ["positions", "list"]);
  const status = (await runOk(deps, ["status"])) as { book: { nav: string } };
  return { label: "NAV", value: Number(status.book.nav) };
}

/** Runs a command and returns its value. @throws Error if its exit code is not 0. */
async function runOk(
  deps: DemoDeps,
  args: readonly string[],
  progress: Progress = { line: () => undefined },
): Promise<unknown> {
  const { code, json, notes, text } = await deps.runCli(args);
  for (const line of notes) progress.line(line);
  if (code !== 0) throw new Error(`qoc ${args.join(" ")} failed with exit code ${code}: ${text.trim()}`);
  return json;
}
