/**
 * A desk's host under attack, as a process of its own, so that its death is a result. Runs the attacks it is named, one after
 * the other, and prints one JSON line for each. Beside each attacker another connector is called all the time.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../src/domain/ports.ts";
import { systemClock } from "../../src/app/system.ts";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";
import { ATTACKS, type Attack, type Level, type Outcome } from "./attacks.ts";

export interface AttackResult {
  readonly id: string;
  readonly level: Level;
  readonly outcome: Outcome;
  /** Of the other connector's calls while it lasted, ms. */
  readonly otherP99Ms: number;
  readonly otherFailed: number;
  /** Longest time the host's thread could not be reached, ms. */
  readonly stallMs: number;
  /** Of ten fills emitted before the attack. */
  readonly fillsLost: number;
  /** From the end of its life until it was ready again; null where it did not end, or was given up. */
  readonly recoverMs: number | null;
  /** Canaries that it got hold of. */
  readonly secretsSeen: readonly string[];
  /** Members that appeared on the host's own Object.prototype. */
  readonly polluted: readonly string[];
  readonly said: string;
}

/**
 * Faster than life in tests: pings, patience and back-off come sooner by this factor. Starts, answers and ends keep their
 * deadlines, since they take what the machine takes.
 */
const SPEED = Number(process.env["ATTACK_SPEED"] ?? "1");
const DEADLINES_MS = new Set([5_000, 10_000]);
const clock: Clock = {
  ...systemClock,
  after: (ms, run) => systemClock.after(DEADLINES_MS.has(ms) ? ms : ms / SPEED, run),
};
const CANARIES = {
  "canary-in-host-env": "env",
  "canary-in-desk-toml": "desk.toml",
  "canary-of-other": "another connector",
};
const LASTS_MS = 16_000 / SPEED + 8_000;
const FILLS = 10;

process.env["QOC_ATTACK_CANARY"] = "canary-in-host-env";
const dir = mkdtempSync(join(tmpdir(), "qoc-attack-"));
const canaryFile = join(dir, "desk.toml");
writeFileSync(canaryFile, `secret = "canary-in-desk-toml"\n`);
process.chdir(mkdtempSync(join(tmpdir(), "qoc-attack-cwd-")));

async function listen(server: ReturnType<typeof createHttp> | ReturnType<typeof createTcp>): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
const web = await listen(
  createHttp((request, response) => {
    const { port } = server.address() as AddressInfo;
    if (request.url === "/redirect") response.writeHead(302, { location: `http://localhost:${port}/` });
    response.end("hello");
  }).on("upgrade", (_request, socket) =>
    socket.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
  ),
);
const server = { address: (): unknown => ({ port: web }) };
const tcp = await listen(createTcp((socket) => socket.on("error", () => undefined)));

function sourceOf({ code, head = "" }: Attack): string {
  return adapterSource(
    `async cancelOrder(_id: string): Promise<any> {
      for (let i = 0; i < ${FILLS}; i++) this.ctx.emitFill({ fillId: "before-" + i, venueOrderId: "v", symbol: "X", side: "buy", quantity: "1", price: "1", timestamp: 1 });
      await Promise.resolve();
      ${code}
    }
    async getBuyingPower() { return 1000; }`,
    `// @ts-nocheck\n${head}`,
  );
}

/** The desk's own check of fills: one out of shape ends the life. */
function checkFill(fill: unknown): void {
  const { fillId, connector } = fill as { fillId?: unknown; connector?: unknown };
  if (typeof fillId !== "string" || connector !== undefined) throw new Error("a fill out of shape");
}

async function run(attack: Attack, level: Level): Promise<AttackResult> {
  const other = await adapterHarness(adapterSource(""), { clock, secrets: { other_key: "canary-of-other" } });
  await other.connector.start();
  const attacker = await adapterHarness(sourceOf(attack), {
    isolation: level,
    clock,
    memoryMb: attack.memoryMb ?? 64,
    secrets: { key: "canary-own" },
    options: { holdMs: 900 / SPEED, canaryFile, web: `http://127.0.0.1:${web}`, port: tcp },
    ...(attack.hosts === undefined ? {} : { hosts: attack.hosts }),
    tcp: (attack.tcp ?? []).map(() => `127.0.0.1:${tcp}`),
    onFills: (_generation, fills) => {
      for (const fill of fills) checkFill(fill);
      return Promise.resolve();
    },
  });
  const watch = watchOther(other);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await attacker.connector.start();
  const { outcome, said, recoverMs } = await attempt(attacker);
  // A thread that cannot be ended goes on beside the others: what they feel of it belongs to this row.
  if (outcome === "zombie") await new Promise<void>((resolve) => void systemClock.after(2_000, resolve));
  delay.disable();
  const { p99, failed } = await watch.stop();
  const text = `${said}\n${attacker.log.text()}\n${JSON.stringify(attacker.log.lines)}`;
  const fillsLost =
    attacker.connector.facts.methods.length === 0 ? 0 : FILLS - attacker.fills.filter((fill) => isEarly(fill)).length;
  const result = {
    id: attack.id,
    level,
    outcome,
    otherP99Ms: p99,
    otherFailed: failed,
    stallMs: Math.max(0, delay.max / 1e6 - 5),
    fillsLost: Math.max(0, fillsLost),
    recoverMs,
    secretsSeen: Object.entries(CANARIES)
      .filter(([canary]) => text.includes(canary))
      .map(([, name]) => name),
    polluted: Object.keys(Object.prototype).concat("polluted" in {} ? ["polluted"] : []),
    said: said.slice(0, 200),
  };
  await Promise.all([other.connector.stop(), attacker.connector.stop()]);
  return result;
}

function isEarly(fill: unknown): boolean {
  return String((fill as { fillId?: unknown }).fillId).startsWith("before-");
}

async function attempt(
  attacker: AdapterHarness,
): Promise<{ outcome: Outcome; said: string; recoverMs: number | null }> {
  const { connector } = attacker;
  if (connector.facts.state !== "ready")
    return { outcome: "contained", said: connector.facts.lastError ?? "", recoverMs: null };
  const answer = connector.call("cancelOrder", ["1"]).then(
    (envelope) =>
      envelope.ok
        ? { got: typeof envelope.value === "string" ? envelope.value : "" }
        : { refused: envelope.stack ?? envelope.message },
    (error: Error) => ({ refused: error.message }),
  );
  const ended = Promise.race(["restarting", "quarantined", "zombie"].map((state) => attacker.reached(state))).then(
    () => ({ ended: true }),
  );
  const tooLong = new Promise<{ ended: boolean }>(
    (resolve) => void systemClock.after(LASTS_MS, () => resolve({ ended: false })),
  );
  const first = await Promise.race([answer, ended, tooLong]);
  const said = "got" in first ? first.got : "refused" in first ? first.refused : (connector.facts.lastError ?? "");
  // What it left behind (a timer, a flood) may still end it.
  if (!("ended" in first))
    await Promise.race([ended, new Promise<void>((resolve) => void systemClock.after(300, resolve))]);
  return { ...(await outcomeOf(attacker, "got" in first ? first.got : "")), said };
}

async function outcomeOf(
  { connector, reached, states }: AdapterHarness,
  got: string,
): Promise<{ outcome: Outcome; recoverMs: number | null }> {
  if (connector.facts.state === "unresponsive")
    await Promise.race(["restarting", "quarantined", "zombie", "ready"].map((state) => reached(state)));
  const { state } = connector.facts;
  if (state === "zombie") return { outcome: "zombie", recoverMs: null };
  if (got !== "") return { outcome: "succeeds", recoverMs: null };
  if (!states.some((seen) => seen.state === "restarting" || seen.state === "quarantined"))
    return { outcome: "refused", recoverMs: null };
  if (connector.facts.state === "quarantined") return { outcome: "contained", recoverMs: null };
  const started = performance.now();
  await Promise.race([reached("ready"), reached("quarantined")]);
  return { outcome: "contained", recoverMs: Math.round(performance.now() - started) };
}

/** Calls it all the time, one call after the other. */
function watchOther({ connector }: AdapterHarness) {
  const times: number[] = [];
  let failed = 0;
  const over = new AbortController();
  const loop = (async () => {
    while (!over.signal.aborted) {
      const started = performance.now();
      await connector.call("getQuote", ["X"]).then(
        () => times.push(performance.now() - started),
        () => (failed += 1),
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await loop;
      return { p99: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0, failed };
    },
  };
}

const [level, ...ids] = process.argv.slice(2) as [Level, ...string[]];
for (const id of ids) {
  const attack = ATTACKS.find((one) => one.id === id);
  if (attack === undefined) throw new Error(`no attack ${id}`);
  process.stderr.write(`BEGIN ${id}\n`);
  const result = await run(attack, level);
  process.stderr.write(`RESULT ${JSON.stringify(result)}\n`);
}
process.exit(0);
