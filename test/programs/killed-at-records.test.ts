/**
 * A real `qoc up` is killed at each record of an order's life. The venue is another process, with its own book: after
 * each restart the desk says of the order what that book says, and no order is sent twice.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { operatorCredentials } from "../../src/app/client-credentials.ts";
import { signRequest } from "../../src/app/client-signer.ts";
import { initDesk } from "../../src/app/init.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { RemoteError, callDaemon } from "../../src/cli/client.ts";
import { signingRequestOf } from "../../src/commands/signed-call.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath, readDeskId } from "../../src/workspace/layout.ts";
import { runtimePaths } from "../../src/workspace/runtime-folder.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { requireBuild } from "../support/built.ts";
import { freePort } from "../support/free-port.ts";
import { BIN } from "../support/qoc-json.ts";
import { type RemoteVenue, remoteVenue } from "../support/remote-venue.ts";

const HOOK = fileURLToPath(new URL("../fixtures/kill-at-record.mjs", import.meta.url));
const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const disk = nodeDisk();

let home: string;
let root: string;
let env: Record<string, string>;
let venue: RemoteVenue;
let child: ChildProcess | undefined;

beforeAll(async () => {
  requireBuild();
  home = mkdtempSync(join(tmpdir(), "qoc-killed-"));
  root = join(home, "desk");
  env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_RUNTIME_DIR: join(home, "run"),
    QOC_KILL_AT: join(home, "at"),
  };
  await initDesk({ disk, ids: systemIds, home, cwd: home, path: root, packageRoot: PACKAGE_ROOT });
  venue = await remoteVenue();
  const template = readFileSync(join(root, "desk.toml"), "utf8").replaceAll("enabled = true", "enabled = false");
  const port = await freePort();
  writeFileSync(
    join(root, "desk.toml"),
    `${template.replace(/^port = \d+$/m, `port = ${port}`)}
[[connector]]
name = "remote"
type = "custom"
adapter = "./remote.ts"
mode = "paper"
hosts = ["127.0.0.1"]
[connector.options]
url = "${venue.url}"
`,
  );
  writeFileSync(join(root, "remote.ts"), adapterFixture("remote-venue"));
});
afterEach(async () => {
  const ended = child?.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");
  child?.kill("SIGKILL");
  await ended;
});
afterAll(() => venue.close());

/** Where the desk ends itself; "": nowhere. */
function killAt(place: string): void {
  writeFileSync(env["QOC_KILL_AT"] ?? "", place);
}

/** Starts the desk. Resolves when it is ready, or has ended. */
async function up(place = ""): Promise<void> {
  killAt(place);
  const started = spawn(process.execPath, ["--import", HOOK, BIN, "up", "--json", "-C", root], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = started;
  await new Promise<void>((resolve, reject) => {
    started.stdout.on("data", (chunk: Buffer) => String(chunk).includes("readyMs") && resolve());
    started.once("exit", (code) => (code === null ? resolve() : reject(new Error(`ended with ${code}`))));
  });
}
function isDead(): boolean {
  return child?.signalCode === "SIGKILL";
}

async function call(command: string, input: Record<string, unknown>): Promise<any> {
  const uid = process.getuid?.() ?? 0;
  const send = (sent: Record<string, unknown>): Promise<unknown> =>
    callDaemon({
      address: {
        socketPath: runtimePaths(root, { env, home, uid }).socket,
        credentials: () => operatorCredentials({ disk, ids: systemIds, home, root }, uid),
      },
      request: { command, input: sent, cwd: root },
      progress: { line: () => undefined },
      onValue: () => Promise.resolve(),
      signal: AbortSignal.timeout(60_000),
    });
  try {
    return await send(input);
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code !== "SIGNATURE_REQUIRED") throw error;
    const path = keyPath(home, await readDeskId(disk, root));
    const request = signingRequestOf(error.data);
    return send({
      ...input,
      authority: await signRequest({ disk, ids: systemIds, clock: systemClock, path }, request, undefined),
    });
  }
}

const GONE = { gone: true };
/** A step of the human: undefined if the desk was killed meanwhile. Other errors are thrown. */
async function attempt<T>(step: Promise<T>): Promise<T | typeof GONE> {
  try {
    return await step;
  } catch (error) {
    await Promise.race([once(child as ChildProcess, "exit"), new Promise((resolve) => setTimeout(resolve, 20_000))]);
    if (isDead()) return GONE;
    throw error;
  }
}

async function reaches(id: string, state: string): Promise<void> {
  await expect
    .poll(async () => isDead() || (await call("orders show", { id }).catch(() => ({ state: "" }))).state === state)
    .toBe(true);
}

interface Life {
  readonly symbol: string;
  /** What the desk has answered. */
  readonly answered: Set<string>;
}

/** Proposes, approves, fills in part, and cancels, until the desk is dead. `arm`: called before each step. */
async function live(life: Life, arm: (step: string) => void): Promise<void> {
  const { symbol, answered } = life;
  arm("propose");
  const terms = { connector: "remote", side: "buy", symbol, quantity: "10", type: "limit", limitPrice: "100" };
  const proposed = await attempt(call("orders propose", { ...terms, rationale: "test" }));
  if (proposed === GONE) return;
  answered.add("propose");
  const { id, digest } = proposed;
  arm("approve");
  if ((await attempt(call("approve", { id, digest }))) === GONE) return;
  answered.add("approve");
  arm("fill");
  venue.fill(symbol, 4);
  await reaches(id, "partially_filled");
  if (isDead()) return;
  arm("cancel");
  if ((await attempt(call("cancel", { id }))) === GONE) return;
  answered.add("cancel");
  await reaches(id, "cancelled");
  await expect.poll(isDead).toBe(true);
}

const STATES: Readonly<Record<string, string>> = {
  open: "accepted",
  partially_filled: "partially_filled",
  cancelled: "cancelled",
};

/** The orders of the instrument in the desk's journal. */
async function ordersOf(symbol: string): Promise<any[]> {
  const listed = (await call("orders list", {})) as { id: string }[];
  const all = await Promise.all(listed.map(({ id }) => call("orders show", { id })));
  return all.filter((order) => order.terms.symbol === symbol);
}

/** What a restarted desk says, beside the venue's book. */
async function expectTruth({ symbol, answered }: Life): Promise<void> {
  const placed = venue.placed.filter((order) => order.symbol === symbol);
  expect(placed.length).toBeLessThanOrEqual(1);
  const [order, ...others] = await ordersOf(symbol);
  expect(others).toEqual([]);
  if (answered.has("propose")) expect(order).toBeDefined();
  if (answered.has("approve")) expect(placed).toHaveLength(1);
  const booked = venue.order(symbol);
  if (booked === undefined) {
    if (order !== undefined) expect(["proposed", "cancelled", "unknown"]).toContain(order.state);
  } else {
    await expect
      .poll(() => call("orders show", { id: order.id }))
      .toMatchObject({
        state: STATES[booked.status],
        filled: String(booked.filled),
        venueOrderId: booked.venueOrderId,
      });
  }
  const { book } = await call("status", {});
  const held = book.positions.find((position: { symbol: string }) => position.symbol === symbol)?.quantity ?? "0";
  expect(held).toBe(String(booked?.filled ?? 0));
  expect(await call("journal verify", {})).toMatchObject({ ok: true });
}

/** Ends the order: a proposal is sent now, and no other order is sent again. */
async function finish({ symbol }: Life): Promise<void> {
  const [order] = await ordersOf(symbol);
  const { length } = venue.placed;
  if (order === undefined) return;
  const { id, digest, state } = order;
  if (state === "proposed") await call("approve", { id, digest });
  else await expect(call("approve", { id, digest })).rejects.toMatchObject({ code: "ALREADY_DECIDED" });
  expect(venue.placed).toHaveLength(state === "proposed" ? length + 1 : length);
  if (state === "unknown") await call("resolve", { id, note: "the venue does not have it" });
  if (venue.order(symbol) === undefined) return;
  if (state !== "cancelled") await call("cancel", { id });
  await reaches(id, "cancelled");
}

/** The records of the life, each with the step in which it is written. */
const RECORDS: readonly (readonly [type: string, step: string])[] = [
  ["proposal.seen", "propose"],
  ["order.reviewed", "approve"],
  ["order.approved", "approve"],
  ["order.submitting", "approve"],
  ["order.accepted", "approve"],
  ["fill.received", "fill"],
  ["cancel.requested", "cancel"],
  ["order.reported", "cancel"],
];

/** A life that ends at a record, and the desk's word after the restarts. `next`: where the first restart ends, too. */
async function kill(life: Life, { place, step, next }: { place: string; step: string; next?: string }): Promise<void> {
  await up();
  await live(life, (at) => killAt(at === step ? place : ""));
  expect(isDead()).toBe(true);
  if (next !== undefined) {
    await up(next);
    await expect.poll(isDead).toBe(true);
  }
  await up();
  await expectTruth(life);
  await finish(life);
}
function lifeOf(name: string): Life {
  return { symbol: name.toUpperCase().replaceAll(/[^A-Z]/g, ""), answered: new Set() };
}

const isLinux = process.platform === "linux";
if (!isLinux) process.stderr.write("\nSKIPPED: a desk that is killed: the journal's file is known by /proc\n\n");

describe.skipIf(!isLinux)("a desk that is killed", () => {
  it.each(RECORDS.flatMap(([type, step]) => ["before", "half", "after"].map((how) => [how, type, step] as const)))(
    "%s %s: the order is as the venue has it, and is sent once",
    (how, type, step) => kill(lifeOf(`${how}.${type}`), { place: `${type}:${how}`, step }),
  );

  it.each(["order.unknown:before", "order.unknown:half", "order.unknown:after", "order.reported:half"])(
    "once more, at its restart, at %s: the order is as the venue has it, and is sent once",
    (next) => kill(lifeOf(`again.${next}`), { place: "order.accepted:before", step: "approve", next }),
  );
});
