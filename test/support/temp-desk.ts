/** Opens a whole desk in a temporary folder, in this process: real files, workers, gate, bus and journal. */
import type { SigningRequest } from "../../src/domain/authority/authority.ts";
import { mkdtempSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandContext, DeskServices } from "../../src/commands/command.ts";
import { invoke } from "../../src/commands/invoke.ts";
import { signingRequestOf } from "../../src/commands/signed-call.ts";
import { REGISTRY } from "./commands.ts";
import { signRequest } from "../../src/app/client-signer.ts";
import type { Authority } from "../../src/domain/authority/authority.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { createLiveKey } from "../../src/trading/keys/operator-keys.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import type { Actor, Channel } from "../../src/domain/event.ts";
import type { Clock, Disk } from "../../src/domain/ports.ts";
import { serveHttp } from "../../src/http/server.ts";
import { initDesk } from "../../src/app/init.ts";
import { type OpenDesk, openDesk } from "../../src/app/open-desk.ts";
import { openPage } from "../../src/app/open-page.ts";
import { type AgentServices, openAgentServices } from "../../src/app/open-agent-services.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { Lifecycle } from "../../src/lib/lifecycle.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The passphrase of the live key, if a test makes one with {@link protect}. */
export const PASSPHRASE = "a passphrase of tests";

/** Makes the live key of a desk, unless it has one. */
export async function protect({ home, open }: Pick<TempDesk, "home" | "open">): Promise<void> {
  const { deskId } = open.desk.state;
  if (await open.desk.authority.hasLiveKey()) return;
  await createLiveKey({ disk: nodeDisk(), ids: systemIds }, keyPath(home, deskId), { deskId, passphrase: PASSPHRASE });
}

export interface TempDesk {
  readonly root: string;
  readonly home: string;
  readonly open: OpenDesk;
  readonly services: DeskServices;
  /** The agents' runs and their endpoint, which is served on a free port. */
  readonly agents: AgentServices;
  /** The port of the page and of the agents' endpoint. */
  readonly port: number;
  /** Closes runs, feeds and endpoint; the desk stays open. */
  closeAgents(): Promise<void>;
  /** Runs a command as a human at the CLI, who signs what the desk asks to be signed, or as another actor. */
  call<T = unknown>(
    command: string,
    input?: Record<string, unknown>,
    as?: { actor?: Actor; channel?: Channel },
  ): Promise<T>;
  /** The lines of progress of all calls. */
  readonly said: readonly string[];
  /** Signs with the keys of this desk; the live key's passphrase is {@link PASSPHRASE}. */
  sign(request: SigningRequest): Promise<Authority>;
  write(path: string, text: string): Promise<void>;
  read(path: string): string;
  /** Resolves when everything journaled so far is in files. */
  settled(): Promise<void>;
  /** Polls the book until the order is in one of the states. Returns that state. */
  reaches(id: string, ...states: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Returns the desk.toml of `init` with these tables in place of the paper venue. */
export function withoutPaper(template: string, tables: string): string {
  return template.replace(/# A simulated venue.*?(?=# Guards)/s, () => `${tables}\n`);
}

export interface TempDeskOptions {
  /** Returns the desk.toml to use instead of the template. */
  readonly config?: (template: string) => string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Record<string, string | undefined>;
  /** The environment object itself, from which the desk removes its secrets. */
  readonly liveEnv?: Record<string, string | undefined>;
  readonly clock?: Clock;
  readonly disk?: Disk;
  /** true: the live key is made before the connectors start, because a venue, not desk.toml, says that it is live. */
  readonly hasLiveKey?: boolean;
  /** false: a new desk's live connectors wait for a signature. By default the live key signs them. */
  readonly accept?: boolean;
  /** Folders of an earlier desk, to open it again. */
  readonly again?: { readonly root: string; readonly home: string };
  /** By default any free port. */
  readonly port?: number;
}

export async function tempDesk(options: TempDeskOptions = {}): Promise<TempDesk> {
  const base = options.again === undefined ? mkdtempSync(join(tmpdir(), "qoc-desk-")) : "";
  const { root, home } = options.again ?? { root: join(base, "desk"), home: join(base, "home") };
  const disk = options.disk ?? nodeDisk();
  const env = options.liveEnv ?? { PATH: process.env["PATH"], XDG_RUNTIME_DIR: join(home, "run"), ...options.env };
  if (options.again === undefined)
    await initDesk({ disk, ids: systemIds, home, cwd: base, path: root, packageRoot: PACKAGE_ROOT });
  const found = readFileSync(join(root, "desk.toml"), "utf8");
  // A minute for a day of the market is for people.
  const template = options.again === undefined ? found.replace("bar_seconds = 60 ", "bar_seconds = 2 ") : found;
  const config = options.config?.(template) ?? template;
  if (config !== found) await writeFile(join(root, "desk.toml"), config);
  for (const [path, text] of Object.entries(options.files ?? {})) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const lifecycle = new Lifecycle();
  const agentLifecycle = new Lifecycle();
  const open = await openDesk(
    {
      root,
      packageRoot: PACKAGE_ROOT,
      version: "0.0.0",
      disk,
      clock: options.clock ?? systemClock,
      ids: systemIds,
      env,
      home,
    },
    lifecycle,
  ).catch(async (error: unknown) => {
    await lifecycle.close();
    throw error;
  });
  open.desk.market.freeSpace = await disk.free(root);
  if (options.hasLiveKey === true) await protect({ home, open });
  await open.fleet.start();
  const agents = await openAgentServices(
    open,
    agentLifecycle,
    () => undefined,
    () => http.port,
  );
  const stopping = new AbortController();
  const page = openPage({ open, ...agents, port: () => http.port, stopping: stopping.signal });
  const http = await serveHttp({
    port: options.port ?? 0,
    status: () => ({}),
    mcp: agents.endpoint.handle,
    page: page.handle,
    log: open.desk.log,
  });
  const services = agents.services;
  const said: string[] = [];
  const context = (actor: Actor, channel: Channel): CommandContext => ({
    actor,
    channel,
    desk: services,
    emit: () => Promise.resolve(),
    progress: { line: (text) => void said.push(text) },
    signal: new AbortController().signal,
    canAsk: false,
    cwd: root,
  });
  const path = keyPath(home, open.desk.state.deskId);
  const sign = async (request: SigningRequest): Promise<Authority> =>
    signRequest({ disk, ids: systemIds, clock: options.clock ?? systemClock, path }, request, PASSPHRASE);
  const call: TempDesk["call"] = async <T>(
    command: string,
    input: Record<string, unknown> = {},
    as: { actor?: Actor; channel?: Channel } = {},
  ) => {
    const send = (sent: Record<string, unknown>): Promise<unknown> =>
      invoke(REGISTRY, { command, input: sent }, context(as.actor ?? "human", as.channel ?? "cli"));
    try {
      return (await send(input)) as T;
    } catch (error) {
      if (!(error instanceof QocError) || error.code !== "SIGNATURE_REQUIRED") throw error;
      if (as.actor !== undefined || "authority" in input) throw error;
      const signing = signingRequestOf(error.data);
      const { digest, shown } = signing.statement;
      const named = signing.statement.action === "reload" ? { digest, shown } : {};
      return (await send({ ...input, ...named, authority: await sign(signing) })) as T;
    }
  };
  if (options.again === undefined && options.accept !== false) {
    const { isPinned, waiting } = await open.desk.configuration.standing();
    if (isPinned && waiting.length > 0) {
      await protect({ home, open });
      await call("reload");
      await open.fleet.settled();
    }
  }
  return {
    root,
    home,
    open,
    services,
    agents,
    port: http.port,
    closeAgents: () => agentLifecycle.close(),
    call,
    said,
    sign,
    write: async (path, text) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    },
    read: (path) => readFileSync(join(root, path), "utf8"),
    settled: () => services.settled(),
    reaches: (id, ...states) => reaches(open, id, states),
    stop: async () => {
      stopping.abort();
      page.stop();
      await agentLifecycle.close();
      await http.close();
      await lifecycle.close();
    },
  };
}

export async function discard(desk: TempDesk): Promise<void> {
  return rm(dirname(desk.root), { recursive: true, force: true });
}

const DEADLINE_MS = 60_000;

async function reaches(open: OpenDesk, id: string, states: readonly string[]): Promise<string> {
  const started = performance.now();
  for (;;) {
    const state = open.desk.state.orders.get(id as never)?.state ?? "none";
    if (states.includes(state)) return state;
    if (performance.now() - started > DEADLINE_MS) throw new Error(`${id} is ${state}, not ${states.join(" or ")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
