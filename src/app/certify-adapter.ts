/** `qoc connectors test`: finds the adapter and runs the conformance suite against it at one isolation level. */
import type { Dialect } from "../domain/sdk-kit.ts";
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { openAuthorDialect } from "../conformance/author-dialect.ts";
import { certify } from "../conformance/certify.ts";
import { binanceDialect } from "../conformance/dialects/binance.ts";
import { coinbaseDialect } from "../conformance/dialects/coinbase.ts";
import { krakenDialect } from "../conformance/dialects/kraken.ts";
import { ALPACA_DIALECT } from "../conformance/dialects/alpaca.ts";
import { FakeVenueFault, type VenueProcess } from "../conformance/venue/venue-hooks.ts";
import type { Report } from "../conformance/report.ts";
import type { CertifyRequest } from "../commands/command.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { Clock, Disk, Ids, Progress } from "../domain/ports.ts";
import { type Program, bundleProgram } from "../host/bundle-program.ts";
import { unlessAborted } from "../lib/aborted.ts";
import { openEgress } from "../host/egress.ts";
import type { ProcessSandbox } from "../host/process-sandbox.ts";
import { startProcess } from "../host/process-transport.ts";
import { type Transport, startWorker } from "../host/transport.ts";
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import { removeFolder } from "./remove-folder.ts";
import { type CertifySettings, readCertifySettings } from "../workspace/certify-settings.ts";
import { loadConfig } from "../workspace/config.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { type WorkspaceUser, findWorkspace } from "../workspace/workspace-trust.ts";
import { adapterPath } from "./open-connectors.ts";
import { residentMb } from "./processes.ts";
import { filesBeside } from "./venue-files.ts";
import { startVenueProcess } from "./venue-process.ts";

/** Those over HTTP; the gateway of Interactive Brokers has its own venue. */
const DIALECTS: Readonly<Partial<Record<NonNullable<CertifySettings["dialect"]>, () => Dialect>>> = {
  alpaca: () => ALPACA_DIALECT,
  binance: binanceDialect,
  coinbase: coinbaseDialect,
  kraken: krakenDialect,
};

export interface CertifyDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly packageRoot: string;
  readonly user: WorkspaceUser;
  readonly sandbox: () => Promise<ProcessSandbox>;
}

interface Target {
  readonly name: string;
  readonly adapter: string;
  readonly isolation: "worker" | "process";
}

/**
 * Runs the conformance suite. Faults of the adapter are in the report, not thrown.
 * @throws ADAPTER_MISSING, CONNECTOR_UNKNOWN, CONFIG_* for certify.toml.
 */
export async function certifyAdapter(deps: CertifyDeps, request: CertifyRequest, progress: Progress): Promise<Report> {
  const { disk, clock, ids, packageRoot } = deps;
  const target = await findTarget(deps, request);
  const isolation = request.isolation ?? target.isolation;
  const workerText = readFileSync(`${packageRoot}/dist/sandbox/adapter-worker.cjs`, "utf8");
  const cwd = await mkdtemp(join(tmpdir(), "qoc-certify-"));
  const egress = openEgress(`${packageRoot}/dist/sandbox/egress-thread.cjs`);
  const sandbox = await deps.sandbox();
  const transport = async (memoryMb: number, network: NetworkPolicy): Promise<Transport> =>
    isolation === "process"
      ? startProcess({ text: workerText, memoryMb, cwd, clock, ids, sandbox, residentMb, egress, network })
      : startWorker({ text: workerText, name: target.name, memoryMb, egress: egress.connect(network) });
  try {
    const settings = await readCertifySettings(disk, target.adapter);
    warnWithoutSandbox(sandbox, settings, progress);
    const only = request.only.length === 0 ? undefined : request.only;
    const place = { connector: target.name, sandbox, folder: cwd };
    const startVenue = venueStarter(deps, place, { file: settings.venue ?? "", readsFiles: true });
    const dialect = dialectOf(deps, place, settings);
    const work = certify({
      ...target,
      only,
      settings,
      isolation,
      transport,
      dialect,
      startVenue,
      disk,
      clock,
      ids,
      progress,
    });
    return await (request.signal === undefined ? work : unlessAborted(request.signal, work));
  } finally {
    await egress.close();
    await removeFolder(cwd);
  }
}

/** Node's permission model is no boundary for code that is hostile, as its documentation says. */
function warnWithoutSandbox({ problem }: ProcessSandbox, { venue, dialectFile }: CertifySettings, progress: Progress) {
  if (problem === undefined) return;
  for (const file of [venue, dialectFile])
    if (file !== undefined)
      progress.line(`${file} may do what you may, because ${problem}: it must be code that you trust`);
}

/** Returns what opens the wire format of the kit's own venue; undefined: the kit's. */
function dialectOf(
  deps: CertifyDeps,
  place: VenuePlace,
  { dialect, dialectFile }: CertifySettings,
): (() => Dialect | Promise<Dialect>) | undefined {
  if (dialectFile === undefined) return dialect === undefined ? undefined : DIALECTS[dialect];
  const start = venueStarter(deps, place, { file: dialectFile, readsFiles: false });
  return async () => openAuthorDialect(await start());
}

interface VenuePlace {
  readonly connector: string;
  readonly sandbox: ProcessSandbox;
  /** An empty folder. */
  readonly folder: string;
}

interface AuthorModule {
  readonly file: string;
  /** The files of its folder: a dialect reads none. */
  readonly readsFiles: boolean;
}

/** Returns what starts the author's fake venue or dialect. The module is bundled once. */
function venueStarter(
  { disk, clock, packageRoot }: CertifyDeps,
  { connector, sandbox, folder }: VenuePlace,
  { file, readsFiles }: AuthorModule,
): () => Promise<VenueProcess> {
  // Qoc's own packages, such as ws for a stream: a desk's folder needs none of them.
  const packageFolders = [`${packageRoot}/node_modules`, dirname(packageRoot)];
  const bundle = async (): Promise<Program> => {
    if ((await disk.facts(file))?.kind !== "file") throw new FakeVenueFault(`there is no file ${file}`);
    try {
      return await bundleProgram({ connector, file, disk, packageFolders });
    } catch (error) {
      throw new FakeVenueFault(messageOf(error), { cause: error });
    }
  };
  let bundled: Promise<Program> | undefined;
  return async () => {
    const program = await (bundled ??= bundle());
    const readable = readsFiles ? await filesBeside(disk, file) : [];
    return startVenueProcess({ sandbox, folder, file, program, readable, clock });
  };
}

/** The target is a file, a folder with an index.ts, or the name of a connector in desk.toml. */
async function findTarget({ disk, packageRoot, user }: CertifyDeps, { target, from }: CertifyRequest): Promise<Target> {
  const path = resolve(from, target);
  const kind = (await disk.facts(path))?.kind;
  if (kind === "file") return { name: nameOf(path), adapter: path, isolation: "worker" };
  if (kind === "directory") return { name: basename(path), adapter: join(path, "index.ts"), isolation: "worker" };
  if (/[/\\]|\.[cm]?[jt]s$/.test(target)) throw new QocError("ADAPTER_MISSING", { connector: nameOf(path), path });
  const root = await findWorkspace(disk, from, user);
  const { connectors } = await loadConfig(disk, `${root}/${LAYOUT.config}`);
  const config = connectors.find(({ name }) => name === target);
  if (config === undefined) {
    const names = connectors.map(({ name }) => name as string);
    throw new QocError("CONNECTOR_UNKNOWN", { name: target, suggestion: suggestion(target, names) });
  }
  return { name: config.name, adapter: adapterPath(packageRoot, config), isolation: config.isolation };
}

function nameOf(path: string): string {
  return basename(path).startsWith("index.") ? basename(dirname(path)) : basename(path).replace(/\.[^.]+$/, "");
}
