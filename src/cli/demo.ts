/**
 * The demo: tells the whole loop on a desk of its own, by typing the commands a user would type. Nothing in it is canned; what
 * it prints are the answers, so deleting a guard from its desk.toml changes the story.
 */
import type { Quoted } from "./plot.ts";
import { plot } from "./plot.ts";

/** One command of the real CLI in the demo's workspace: its answer, and the notes it made on the way. */
export type RunCli = (
  args: readonly string[],
) => Promise<{ code: number; json: unknown; notes: readonly string[]; text: string }>;

export interface DemoDeps {
  readonly dir: string;
  readonly qoc: RunCli;
  readonly say: (line: string) => void;
  /** Asks y/N; answers true without asking where there is no terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Resolves after about `ms`; the market needs wall time to move. */
  readonly wait: (ms: number) => Promise<void>;
}

interface Shown {
  id: string;
  state: string;
  path: string;
  digest: string;
  fills: { quantity: string; price: string; time: string }[];
  review: {
    sentence: string;
    decision: string;
    checks: { guard: string; decision: string; message: string }[];
    book: { what: string; before: string | null; after: string | null }[];
  } | null;
}

const FILL_DEADLINE_ROUNDS = 60;

export async function runDemoScript(world: DemoDeps): Promise<{ path: string; approved: string | null; nav: string }> {
  const { say } = world;
  const step = narrator(say);
  step("a desk is made and started", "qoc init, qoc up --detach");
  await assertOk(world, ["init", world.dir]);
  const opening = (await assertOk(world, ["up", "--detach"])) as {
    connectors?: { name: string; mode: string; state: string }[];
  };
  for (const connector of opening.connectors ?? [])
    say(`    connector ${connector.name}: ${connector.state}, ${connector.mode.toUpperCase()}`);

  step("an agent works on issues/001-first-look.md", "qoc run issues/001-first-look.md");
  const curve: Quoted[] = [await navNow(world)];
  const run = (await assertOk(world, ["run", "issues/001-first-look.md"], (note) => say(`    ${note}`))) as {
    proposals: string[];
  };
  const shown: Shown[] = [];
  for (const id of run.proposals) shown.push((await assertOk(world, ["orders", "show", id])) as Shown);

  step("two proposals wait; the guards have already looked", "qoc status, qoc orders show");
  for (const order of shown) tellProposal(say, order);
  const chosen = shown.find((order) => order.review?.decision === "allow");
  let approved: string | null = null;
  if (chosen === undefined) say("    no proposal passes the guards; nothing can be sent");
  else approved = await approveAndWait(world, step, chosen, curve);
  for (const other of shown)
    if (other.id !== chosen?.id) await assertOk(world, ["reject", other.id, "--comment", "ten times too large"]);

  step("what the desk remembers", "qoc decisions");
  for (const line of (await assertOk(world, ["decisions"])) as {
    date: string;
    decision: string;
    side: string;
    quantity: string;
    symbol: string;
    note: string;
  }[]) {
    say(`    ${line.date.slice(0, 10)} ${line.decision} ${line.side} ${line.quantity} ${line.symbol} [${line.note}]`);
  }
  for (let i = 0; i < 8; i++) {
    await world.wait(400);
    curve.push(await navNow(world));
  }
  step("equity while you read this", "qoc snapshot");
  const taken = (await assertOk(world, ["snapshot"])) as { nav: string; path: string };
  for (const line of plot(curve, 60, 6)) say(`    ${line}`);
  await assertOk(world, ["down"]);
  say("");
  say(`The desk is yours: ${world.dir}`);
  say(`next: cd ${world.dir} && qoc up       (desk.toml holds the guards; delete one and run the demo's steps again)`);
  return { path: world.dir, approved, nav: taken.nav };
}

function narrator(say: (line: string) => void) {
  let n = 0;
  return (title: string, commands: string): void => {
    n += 1;
    say("");
    say(`${n}. ${title}   [${commands}]`);
  };
}

function tellProposal(say: (line: string) => void, order: Shown): void {
  const { review } = order;
  say(`    ${order.id}: ${review?.sentence ?? order.state}`);
  if (review === null) return;
  for (const change of review.book)
    say(`        ${change.what.padEnd(14)} ${change.before ?? "unavailable"} -> ${change.after ?? "unavailable"}`);
  const failing = review.checks.filter((check) => check.decision === "block");
  say(
    `        ${review.checks.length - failing.length} checks pass${failing.length === 0 ? "" : `, ${failing.length} block:`}`,
  );
  for (const check of failing) say(`        x ${check.guard}: ${check.message}`);
}

async function approveAndWait(
  world: DemoDeps,
  step: ReturnType<typeof narrator>,
  chosen: Shown,
  curve: Quoted[],
): Promise<string | null> {
  step(`you decide on ${chosen.id}`, `qoc approve ${chosen.id} --digest ${chosen.digest.slice(0, 15)}...`);
  if (!(await world.confirm(`Approve: ${chosen.review?.sentence ?? chosen.id}?`))) {
    world.say("    not approved; nothing was sent");
    return null;
  }
  const receipt = (await assertOk(world, ["approve", chosen.id, "--digest", chosen.digest])) as {
    state: string;
    venueOrderId: string;
  };
  world.say(`    ${receipt.state}; the venue calls it ${receipt.venueOrderId}`);
  step("the fill arrives, later than the acknowledgement", `qoc orders show ${chosen.id}`);
  let now = chosen;
  for (let round = 0; round < FILL_DEADLINE_ROUNDS && now.state !== "filled"; round++) {
    await world.wait(150);
    now = (await assertOk(world, ["orders", "show", chosen.id])) as Shown;
    if (round % 4 === 0) curve.push(await navNow(world));
  }
  for (const fill of now.fills)
    world.say(`    filled ${fill.quantity} at ${fill.price} (${fill.time.slice(0, 10)} at the venue)`);
  world.say(`    filed as ${now.path}`);
  const inbox = (await assertOk(world, ["inbox", "list", "--status", "new"])) as { path: string }[];
  for (const item of inbox) world.say(`    inbox: ${item.path}`);
  return chosen.id;
}

async function navNow(world: DemoDeps): Promise<Quoted> {
  await assertOk(world, ["positions", "list"]);
  const status = (await assertOk(world, ["status"])) as { book: { nav: string } };
  return { label: "NAV", value: Number(status.book.nav) };
}

async function assertOk(
  world: DemoDeps,
  args: readonly string[],
  note: (line: string) => void = () => undefined,
): Promise<unknown> {
  const { code, json, notes, text } = await world.qoc(args);
  for (const line of notes) note(line);
  if (code !== 0) throw new Error(`qoc ${args.join(" ")} ended with ${code}: ${text.trim()}`);
  return json;
}
