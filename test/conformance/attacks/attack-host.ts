/**
 * A plugin host under attack. It runs as a process of its own, because an attack may crash it. Runs the attacks given
 * as arguments one after the other, and prints one line with a JSON result for each. A second connector is called
 * during each attack.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../../../src/domain/ports.ts";
import { systemClock } from "../../../src/app/system.ts";
import { createSocketServer } from "../../../src/cli/server.ts";
import { type AdapterHarness, adapterSource, adapterHarness } from "../../support/adapter-harness.ts";
import { AGENT_SOCKET, OPERATOR_SOCKET } from "../../support/desk-socket.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { findSandbox } from "../../support/process-sandbox.ts";
import { ATTACKS, type Attack, type AttackOutcome, type IsolationLevel } from "./attacks.ts";

export interface AttackResult {
  readonly id: string;
  readonly level: IsolationLevel;
  readonly outcome: AttackOutcome;
  /** 99th percentile of the second connector's latency during the attack, ms. */
  readonly otherP99Ms: number;
  readonly otherFailed: number;
  /** Longest time that the host's event loop was blocked, ms. */
  readonly stallMs: number;
  /** Lost fills of the ten that the attacker emitted before the attack. */
  readonly fillsLost: number;
  /**
   * Time from the end of the worker until the connector was ready again; null if the worker did not end, or if the
   * connector was quarantined.
   */
  readonly recoverMs: number | null;
  /** Where the canaries came from that the attack could read. */
  readonly secretsSeen: readonly string[];
  /** New members of the host's Object.prototype. */
  readonly polluted: readonly string[];
  /** What the attack returned, or the error. */
  readonly output: string;
}

/**
 * Tests accelerate pings and back-off by this factor. Time-outs of starts, calls and stops depend on the speed of the
 * machine: they are never shorter, and longer if the factor is below 1.
 */
const SPEED = Number(process.env["ATTACK_SPEED"] ?? "1");
const PATIENCE = Math.min(1, SPEED);
const UNSCALED_TIMEOUTS_MS = new Set([5_000, 10_000]);
const clock: Clock = {
  ...systemClock,
  after: (ms, run) => systemClock.after(ms / (UNSCALED_TIMEOUTS_MS.has(ms) ? PATIENCE : SPEED), run),
};
const CANARIES = {
  "canary-in-host-env": "env",
  "canary-in-desk-toml": "desk.toml",
  "canary-of-other": "another connector",
  "canary-of-key": "the keys of the desk",
  "canary-of-socket": "a socket of the desk",
};
const ATTACK_MS_MAX = 16_000 / SPEED + 8_000 / PATIENCE;
/** Time between two calls of the second connector. An accelerated run checks only that none fails. */
const CALL_EVERY_MS = SPEED === 1 ? 2 : 25;
const FILLS = 10;

process.env["QOC_ATTACK_CANARY"] = "canary-in-host-env";
const dir = mkdtempSync(join(tmpdir(), "qoc-attack-"));
const canaryFile = join(dir, "desk.toml");
writeFileSync(canaryFile, `secret = "canary-in-desk-toml"\n`);
const keys = join(dir, "keys");
mkdirSync(keys);
for (const name of ["desk", "desk.host"]) writeFileSync(join(keys, name), "canary-of-key", { mode: 0o600 });
const deskSocket = join(dir, "desk.sock");
const agentSocket = join(dir, "agents.sock");
for (const [path, identity] of [
  [deskSocket, OPERATOR_SOCKET],
  [agentSocket, AGENT_SOCKET],
] as const) {
  await createSocketServer().listen({
    path,
    identity,
    handle: () => Promise.resolve("canary-of-socket"),
    log: quietLog(),
    clock: systemClock,
  });
}
process.chdir(mkdtempSync(join(tmpdir(), "qoc-attack-cwd-")));

async function listen(server: ReturnType<typeof createHttp> | ReturnType<typeof createTcp>): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
/** An attacker that ends resets its connections, which is no error of this process. */
function keptOpen<T extends Duplex>(socket: T): T {
  return socket.on("error", () => undefined);
}
const web = await listen(
  createHttp((request, response) => {
    const { port } = server.address() as AddressInfo;
    if (request.url === "/redirect") response.writeHead(302, { location: `http://localhost:${port}/` });
    response.end("hello");
  })
    .on("upgrade", (_request, socket) =>
      keptOpen(socket).end("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
    )
    .on("connect", (_request, socket) => keptOpen(socket).write("HTTP/1.1 200 OK\r\n\r\n")),
);
const server = { address: (): unknown => ({ port: web }) };
/** A server at an address that no attack may reach. */
const other = createHttp((_request, response) => response.end("reached"));
const otherSockets = new WebSocketServer({ server: other });
otherSockets.on("connection", (socket) => socket.on("error", () => undefined).close());
await new Promise<void>((resolve) => other.listen(0, "127.0.0.2", () => resolve()));
const otherAddress = `127.0.0.2:${(other.address() as AddressInfo).port}`;
const tcp = await listen(createTcp(keptOpen));

/** The connector that is called during each attack. No attack may end it, so one start is enough. */
const second = await adapterHarness(adapterSource(""), { clock, secrets: { other_key: "canary-of-other" } });
await second.connector.start();

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

async function run(attack: Attack, level: IsolationLevel): Promise<AttackResult> {
  const attacker = await adapterHarness(sourceOf(attack), {
    isolation: level === "worker" ? "worker" : "process",
    ...(level === "bubblewrap" ? { sandbox: await findSandbox() } : {}),
    clock,
    memoryMb: attack.memoryMb ?? 64,
    secrets: { key: "canary-own" },
    options: {
      ...{ holdMs: 900 / SPEED, canaryFile, web: `http://127.0.0.1:${web}`, port: tcp, other: otherAddress },
      ...{ keys, deskSocket, agentSocket },
    },
    ...(attack.hosts === undefined ? {} : { hosts: attack.hosts }),
    tcp: (attack.tcp ?? []).map(() => `127.0.0.1:${tcp}`),
  });
  const latency = measureLatency(second);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await attacker.connector.start();
  const { outcome, output, recoverMs } = await attempt(attacker);
  // A zombie thread keeps running; its effect on the second connector belongs to this result.
  if (outcome === "zombie") await new Promise<void>((resolve) => void systemClock.after(2_000, resolve));
  delay.disable();
  const { p99, failed } = await latency.stop();
  const text = `${output}\n${attacker.log.text()}\n${JSON.stringify(attacker.log.lines)}`;
  const fillsLost =
    attacker.connector.status.methods.length === 0 ? 0 : FILLS - attacker.fills.filter((fill) => isEarly(fill)).length;
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
    output: output.slice(0, 200),
  };
  await attacker.connector.stop();
  return result;
}

function isEarly(fill: unknown): boolean {
  return String((fill as { fillId?: unknown }).fillId).startsWith("before-");
}

async function attempt(
  attacker: AdapterHarness,
): Promise<{ outcome: AttackOutcome; output: string; recoverMs: number | null }> {
  const { connector } = attacker;
  if (connector.status.state !== "ready")
    return { outcome: "contained", output: connector.status.lastError ?? "", recoverMs: null };
  const response = connector.invoke("cancelOrder", ["1"]).then(
    (envelope) =>
      envelope.ok
        ? { achieved: typeof envelope.value === "string" ? envelope.value : "" }
        : { refused: envelope.stack ?? envelope.message },
    (error: Error) => ({ refused: error.message }),
  );
  const ended = Promise.race(["restarting", "quarantined", "zombie"].map((state) => attacker.reached(state))).then(
    () => ({ ended: true }),
  );
  const timeout = new Promise<{ ended: boolean }>(
    (resolve) => void systemClock.after(ATTACK_MS_MAX, () => resolve({ ended: false })),
  );
  const first = await Promise.race([response, ended, timeout]);
  const output =
    "achieved" in first ? first.achieved : "refused" in first ? first.refused : (connector.status.lastError ?? "");
  // A timer or a flood that the attack left behind may still end the worker.
  if (!("ended" in first))
    await Promise.race([ended, new Promise<void>((resolve) => void systemClock.after(300, resolve))]);
  return { ...(await outcomeOf(attacker, "achieved" in first ? first.achieved : "")), output };
}

async function outcomeOf(
  { connector, reached, states }: AdapterHarness,
  achieved: string,
): Promise<{ outcome: AttackOutcome; recoverMs: number | null }> {
  if (connector.status.state === "unresponsive")
    await Promise.race(["restarting", "quarantined", "zombie", "ready"].map((state) => reached(state)));
  const { state } = connector.status;
  if (state === "zombie") return { outcome: "zombie", recoverMs: null };
  if (achieved !== "") return { outcome: "succeeds", recoverMs: null };
  if (!states.some((seen) => seen.state === "restarting" || seen.state === "quarantined"))
    return { outcome: "refused", recoverMs: null };
  if (connector.status.state === "quarantined") return { outcome: "contained", recoverMs: null };
  const started = performance.now();
  await Promise.race([reached("ready"), reached("quarantined")]);
  return { outcome: "contained", recoverMs: Math.round(performance.now() - started) };
}

/** Calls the connector continuously, one call after the other, and measures the latency. */
function measureLatency({ connector }: AdapterHarness) {
  const times: number[] = [];
  let failed = 0;
  const stopped = new AbortController();
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      const started = performance.now();
      await connector.invoke("getQuote", ["X"]).then(
        () => times.push(performance.now() - started),
        () => (failed += 1),
      );
      await new Promise((resolve) => setTimeout(resolve, CALL_EVERY_MS));
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await loop;
      return { p99: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0, failed };
    },
  };
}

const [level, ...ids] = process.argv.slice(2) as [IsolationLevel, ...string[]];
for (const id of ids) {
  const attack = ATTACKS.find((candidate) => candidate.id === id);
  if (attack === undefined) throw new Error(`no attack ${id}`);
  process.stderr.write(`BEGIN ${id}\n`);
  const result = await run(attack, level);
  process.stderr.write(`RESULT ${JSON.stringify(result)}\n`);
}
process.exit(0);
