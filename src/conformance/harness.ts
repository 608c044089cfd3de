/** The harness of one case: a real connector that runs the adapter, a venue, and a record of what both did. */
import type { Dialect } from "../domain/sdk-kit.ts";
import { dirname } from "node:path";
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import { ALLOWED_BUILTINS } from "../protocol/limits.ts";
import { type Envelope, type Method } from "../protocol/messages.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { ConnectorName } from "../domain/ids.ts";
import type { Clock, Disk, Ids, Log, LogFields } from "../domain/ports.ts";
import type { CancelHint, Order, OrderQuery } from "../domain/sdk.ts";
import type { VenueActivity, VenueFill, VenueInstrument, VenueQuote, VenueReport } from "../domain/market/venue.ts";
import { type Bundle, bundleAdapter } from "../host/bundle.ts";
import { Connector } from "../host/connector.ts";
import type { ExchangeRequest } from "../host/exchange-module.ts";
import { TurnSlices } from "../host/turn-slices.ts";
import type { DroppedMembers } from "../host/unknown-members.ts";
import { openVenueClient } from "../host/venue-client.ts";
import { readPages } from "../host/venue-pages.ts";
import { omitUndefined } from "../lib/omit-undefined.ts";
import type { Transport } from "../host/transport.ts";
import type { CertifySettings } from "../workspace/certify-settings.ts";
import { CaseFailed, assert } from "./assert.ts";
import { BookVenue } from "./venue/book-venue.ts";
import { FakeVenue, openFakeVenue } from "./venue/fake-venue.ts";
import { TwsGateway, openTwsGateway } from "./tws/gateway.ts";
import { HookedVenue, openHookedVenue } from "./venue/hooked-venue.ts";
import { InMemoryStore, type ReadBars } from "./venue/in-memory-store.ts";
import { ProxyVenue } from "./venue/proxy-venue.ts";
import { type TestVenue, type VenueLevel, venueLevelOf } from "./venue/test-venue.ts";
import { TransportSpy } from "./transport-spy.ts";
import type { VenueProcess } from "./venue/venue-hooks.ts";

type VenueClient = ReturnType<typeof openVenueClient>;

/** As the desk calls the adapter: with all pages of its fills, and with what venues need to find an order. */
interface KitCalls extends Omit<VenueClient, "fills" | "order" | "cancel"> {
  fills(name: string, since: number): Promise<readonly VenueFill[] | undefined>;
  order(name: string, query: OrderQuery): Promise<VenueReport | null | undefined>;
  cancel(name: string, venueOrderId: string): Promise<void>;
}

async function allFills(
  client: VenueClient,
  connector: string,
  { since, symbols }: { readonly since: number; readonly symbols: readonly string[] },
): Promise<readonly VenueFill[] | undefined> {
  let fills: readonly VenueFill[] | undefined;
  const read = (cursor: string | undefined) => client.fills(connector, since, omitUndefined({ symbols, cursor }));
  for await (const page of readPages({ connector, method: "getFills", read }))
    fills = [...(fills ?? []), ...page.items];
  return fills;
}

export interface HarnessDeps {
  readonly settings: CertifySettings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly bundle: () => Promise<Bundle>;
  readonly transport: (memoryMb: number, network: NetworkPolicy) => Promise<Transport>;
  /** What the cases saw so far: each harness adds its own when it closes. */
  readonly dropped: DroppedMembers[];
  /** The instrument of the tested symbol; undefined if the adapter does not describe it. */
  readonly instrument?: VenueInstrument | undefined;
  /** The wire format of the kit's own venue; undefined: the kit's. */
  readonly dialect?: (() => Dialect | Promise<Dialect>) | undefined;
  readonly bars: ReadBars;
  /** Starts the process of the author's fake venue. */
  readonly startVenue: () => Promise<VenueProcess>;
}

/** The only hosts an adapter can reach during a case. */
const LOOPBACK = ["127.0.0.1", "localhost"];
const MEMORY_MB = 256;
const WAIT_TIMEOUT_MS = 5_000;
const POLL_MS = 30;
/** The only host of an adapter without a network; no name server knows this name. */
const UNREACHABLE = "no-network.invalid";

/**
 * Makes every other host unreachable for WebSockets, as on a machine without a network: the connection fails with an
 * event, not with an exception. Nothing listens on port 1.
 */
const OFFLINE_PRELUDE = [
  "globalThis.WebSocket=new Proxy(globalThis.WebSocket,{construct:(target,[url,...args])=>Reflect.construct(target,",
  `[${JSON.stringify(LOOPBACK)}.includes(new URL(String(url)).hostname)?url:"ws://127.0.0.1:1/",...args])});`,
].join("");
const USE_STRICT = '"use strict";';

/** @throws ADAPTER_MISSING, ADAPTER_BUNDLE. */
export async function bundleForKit(
  name: string,
  adapter: string,
  disk: Disk,
  settings: CertifySettings,
): Promise<Bundle> {
  const bundle = await bundleAdapter({
    connector: name,
    adapter,
    disk,
    allowed: ALLOWED_BUILTINS,
    tcp: settings.grant.length > 0 || settings.dialect === "ibkr",
    exchange: exchangeOf(adapter, settings),
  });
  // Prepended to the first line, so that line numbers in stack traces stay correct.
  const code = bundle.code.startsWith(USE_STRICT)
    ? `${USE_STRICT}${OFFLINE_PRELUDE}${bundle.code}`
    : `${OFFLINE_PRELUDE}${bundle.code}`;
  return { ...bundle, code };
}

/** The exchange that certify.toml names, for an adapter that imports one. */
function exchangeOf(adapter: string, { options }: CertifySettings): ExchangeRequest | undefined {
  const { exchange } = options;
  return typeof exchange === "string" ? { id: exchange, folders: [dirname(adapter)] } : undefined;
}

export async function openHarness(deps: HarnessDeps): Promise<ConformanceHarness> {
  const venue = await openVenue(deps);
  const harness = new ConformanceHarness(deps, venue);
  venue.onChange = () => harness.notify();
  return harness;
}

async function openVenue({ clock, ids, settings, startVenue, dialect }: HarnessDeps): Promise<BookVenue | ProxyVenue> {
  const { auth, upstream, upstreamStream, venue } = settings;
  if (venue !== undefined) return openHookedVenue(clock, await startVenue());
  if (settings.dialect === "ibkr") return openTwsGateway({ clock, ids });
  if (upstream === undefined) return openFakeVenue({ clock, ids, secrets: auth, dialect: await dialect?.() });
  const proxy = new ProxyVenue(clock, { url: upstream, stream: upstreamStream });
  await proxy.listen();
  return proxy;
}

/** Reports to the proxy which method runs, so that the proxy can attribute requests to it. */
class ObservedConnector extends Connector {
  /** Set once by the harness. */
  observer: ProxyVenue | undefined;

  override start(): Promise<void> {
    return this.#during("connect", () => super.start());
  }

  override restart(): Promise<void> {
    return this.#during("connect", () => super.restart());
  }

  /** An error of the adapter has the author's line in its message: a case reports the message alone. */
  override async invoke(method: Method, args: readonly unknown[]): Promise<Envelope> {
    const response = await this.#during(method, () => super.invoke(method, args));
    if (response.ok || response.kind !== "error") return response;
    return { ...response, message: withPosition(response.message, response.stack) };
  }

  async #during<T>(method: Method, run: () => Promise<T>): Promise<T> {
    const end = this.observer?.begin(method);
    try {
      return await run();
    } finally {
      end?.();
    }
  }
}

export class ConformanceHarness {
  readonly settings: CertifySettings;
  readonly level: VenueLevel;
  readonly instrument: VenueInstrument | undefined;
  readonly venue: TestVenue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly connector: ObservedConnector;
  /** The adapter's methods as the desk calls them: results are parsed, and failures throw. */
  readonly calls: KitCalls;
  readonly store: InMemoryStore;
  readonly spy: TransportSpy;
  /** Members that the SDK does not have, in answers of the cases that have ended. */
  readonly dropped: DroppedMembers[];
  /** Every fill that the adapter emitted, in order. */
  readonly fills: VenueFill[] = [];
  /** What else the adapter emitted, in order. */
  readonly reports: VenueReport[] = [];
  readonly activities: VenueActivity[] = [];
  readonly quotes: VenueQuote[] = [];
  readonly logLines: { readonly level: string; readonly message: string }[] = [];
  readonly states: { readonly state: ConnectorState; readonly reason: string | undefined }[] = [];
  /** The adapter's secrets; a case replaces them to test wrong or missing ones. */
  secrets: Readonly<Record<string, string>>;
  readonly #waiters = new Set<() => void>();
  /** The orders that the venue acknowledged, by the venue's id. */
  readonly #acknowledged = new Map<string, Order>();

  constructor(deps: HarnessDeps, venue: BookVenue | ProxyVenue) {
    const { settings, clock, ids, bundle } = deps;
    this.settings = settings;
    this.store = new InMemoryStore(deps.bars);
    this.dropped = deps.dropped;
    this.level = venueLevelOf(settings);
    this.instrument = deps.instrument;
    this.venue = venue;
    this.clock = clock;
    this.ids = ids;
    this.secrets = settings.auth;
    this.spy = new TransportSpy(() => this.notify());
    const log = this.#log();
    this.connector = new ObservedConnector({
      name: "kit" as ConnectorName,
      clock,
      log,
      random: () => 0,
      bundle,
      acceptedDigest: () => undefined,
      quarantineReason: () => undefined,
      secrets: () => Promise.resolve(this.secrets),
      // No redaction: the secret cases test what the adapter itself sends.
      redact: (text) => text,
      redactOwn: (text) => text,
      options: fillAddresses(settings.options, venue) as Record<string, unknown>,
      hosts: settings.network ? LOOPBACK : [UNREACHABLE],
      // An adapter without methods for orders is loaded if certify.toml says that it routes none.
      dataOnly: !settings.orders,
      tcp: [
        ...settings.grant.map((grant) => grant.replace(/^tcp:/, "")),
        ...(venue instanceof TwsGateway ? [venue.url] : []),
      ],
      transport: async (network) => this.spy.watch(await deps.transport(MEMORY_MB, network)),
      slices: new TurnSlices(clock),
      fillSink: { accept: ({ fills }) => Promise.resolve(this.#push(this.fills, fills)) },
      pushSink: {
        reports: (reports) => Promise.resolve(this.#push(this.reports, reports)),
        activities: (activities) => Promise.resolve(this.#push(this.activities, activities)),
        quotes: (quotes) => this.#push(this.quotes, quotes),
      },
      requestHandler: this.store,
      onStateChange: ({ state, reason }) => {
        this.states.push({ state, reason });
        this.notify();
      },
    });
    if (venue instanceof ProxyVenue) this.connector.observer = venue;
    const client = openVenueClient(new Map([["kit", this.connector]]));
    this.calls = {
      ...client,
      fills: (name, since) => allFills(client, name, { since, symbols: this.#tradedSymbols() }),
      order: (name, query) => client.order(name, this.#orderQuery(query)),
      cancel: (name, venueOrderId) => client.cancel(name, venueOrderId, this.#cancelHint(venueOrderId)),
    };
  }

  /** The kit's own venue, over HTTP or as a gateway. @throws Error below the level "kit". */
  get kit(): BookVenue {
    if (this.venue instanceof BookVenue) return this.venue;
    throw new Error("this case needs the kit's own venue");
  }

  /** Returns a fault of the author's fake venue or dialect; undefined if none is known. */
  async findVenueFault(): Promise<string | undefined> {
    const { venue } = this;
    return venue instanceof HookedVenue || venue instanceof FakeVenue ? venue.findFault() : undefined;
  }

  /** Starts the connector and fails the case if it does not become ready. */
  async start(): Promise<void> {
    await this.connector.start();
    const { state, lastError } = this.connector.status;
    assert(
      state === "ready",
      `after its start the connector is ${state}, not ready: ${firstLine(lastError ?? "no reason was given")}`,
    );
  }

  /** Registers an order before it is sent, so that the proxy recognises its request. */
  expectOrder(clientOrderId: string): void {
    this.connector.observer?.expectOrder(clientOrderId);
  }

  /** Keeps an order whose id the venue stated: the desk names such an order with its symbol. */
  noteAcknowledged(venueOrderId: string, order: Order): void {
    this.#acknowledged.set(venueOrderId, order);
  }

  /** Adds what the desk passes besides the first argument. */
  call(method: Method, ...args: readonly unknown[]): Promise<Envelope> {
    const [first] = args;
    if (method === "getOrder") return this.connector.invoke(method, [this.#orderQuery(first as OrderQuery)]);
    if (method === "cancelOrder") return this.connector.invoke(method, [first, this.#cancelHint(String(first))]);
    if (method === "getFills") return this.connector.invoke(method, [first, { symbols: [this.settings.symbol] }]);
    return this.connector.invoke(method, args);
  }

  #orderQuery(query: OrderQuery): OrderQuery {
    const { symbol } = this.#acknowledged.get(query.venueOrderId ?? "") ?? this.settings;
    return { symbol, ...query };
  }

  #tradedSymbols(): readonly string[] {
    return [...new Set([this.settings.symbol, ...[...this.#acknowledged.values()].map(({ symbol }) => symbol)])];
  }

  #cancelHint(venueOrderId: string): CancelHint {
    const { symbol, side, clientOrderId } = this.#acknowledged.get(venueOrderId) ?? {
      symbol: this.settings.symbol,
      side: "buy" as const,
      clientOrderId: "q0000000000000000",
    };
    return { symbol, side, clientOrderId };
  }

  /**
   * Resolves with the first value of `probe` that is neither undefined nor false; calls it after every event.
   * Rejects with CaseFailed and `message` at the timeout, and with the error if `probe` throws.
   */
  waitFor<T>(
    probe: () => T | undefined | false,
    message: string | (() => string),
    timeoutMs = WAIT_TIMEOUT_MS,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#waiters.delete(check);
        cancel();
        finish();
      };
      // Caught here, so that an error of the probe fails the case and not the event handler that called notify.
      const check = (): void => {
        try {
          const value = probe();
          if (value !== undefined && value !== false) settle(() => resolve(value));
        } catch (error) {
          settle(() => reject(error as Error));
        }
      };
      const timeout = (): CaseFailed => new CaseFailed(typeof message === "string" ? message : message());
      const cancel = this.clock.after(timeoutMs, () => settle(() => reject(timeout())));
      this.#waiters.add(check);
      check();
    });
  }

  /** Asks again until `probe` returns neither undefined nor false; fails the case with `message` at the timeout. */
  async pollFor<T>(
    probe: () => Promise<T | undefined | false>,
    message: string | (() => string),
    timeoutMs = WAIT_TIMEOUT_MS,
  ): Promise<T> {
    for (const until = this.clock.monotonic() + timeoutMs; ; await this.sleep(POLL_MS)) {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      if (this.clock.monotonic() > until) throw new CaseFailed(typeof message === "string" ? message : message());
    }
  }

  /** Resolves after a pause, e.g. to see that nothing more arrives. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** Runs the probes of all pending waitFor calls. */
  notify(): void {
    for (const check of [...this.#waiters]) check();
  }

  async close(): Promise<void> {
    await this.connector.stop();
    await this.venue.close();
    this.dropped.push(...this.connector.unknownMembers.list);
  }

  #push<T>(kept: T[], items: readonly T[]): void {
    kept.push(...items);
    this.notify();
  }

  #log(): Log {
    const at = (level: string) => (message: string, fields?: LogFields) => {
      this.logLines.push({ level, message: fields === undefined ? message : `${message} ${JSON.stringify(fields)}` });
      this.notify();
    };
    const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), with: () => log };
    return log;
  }
}

/** Returns the first line, with the author's line if the text is an error with its stack. */
export function firstLine(text: string): string {
  return withPosition(text.split("\n")[0] ?? "", text);
}

/** Appends the newest position in the author's files, e.g. ` (index.ts:12:5)`; a stack has no other frames. */
function withPosition(message: string, stack = ""): string {
  const [, position] = /\n\s*at (?:.* \()?([^\s()]+:\d+:\d+)\)?/.exec(stack) ?? [];
  return position === undefined || message.includes(position) ? message : `${message} (${position})`;
}

/** Replaces {venue} and {stream} in every string of the options. */
function fillAddresses(value: unknown, venue: TestVenue): unknown {
  if (typeof value === "string") return value.replaceAll("{venue}", venue.url).replaceAll("{stream}", venue.stream);
  if (Array.isArray(value)) return value.map((item) => fillAddresses(item, venue));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillAddresses(item, venue)]));
}
