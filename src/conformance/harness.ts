/** One case's world: a real connector of the adapter, a fake venue of its own, and all they did. The one place that makes them. */
import { ALLOWED_BUILTINS, type Envelope, type Method } from "../protocol/messages.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { Clock, Disk, Ids, Log, LogFields } from "../domain/ports.ts";
import type { VenueFill } from "../domain/venue.ts";
import { type Bundle, bundleAdapter } from "../host/bundle.ts";
import { Connector } from "../host/connector.ts";
import { openVenueCalls } from "../host/venue-client.ts";
import { takeFills } from "../host/incoming-fills.ts";
import type { Transport } from "../host/transport.ts";
import type { CertifySettings } from "../workspace/certify-settings.ts";
import { CaseFailed, must } from "./test-case.ts";
import { type FakeVenue, openFakeVenue } from "./fake-venue.ts";
import { InMemoryStore } from "./kit-store.ts";
import { TransportSpy } from "./transport-spy.ts";

export interface HarnessDeps {
  readonly settings: CertifySettings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly bundle: () => Promise<Bundle>;
  readonly transport: (memoryMb: number) => Transport;
}

/** What a test may reach: nothing but this machine. */
const LOOPBACK = ["127.0.0.1", "localhost"];
const MEMORY_MB = 256;
const PATIENCE_MS = 5_000;

/** Does it speak to the kit's venue? */
export function usesVenue({ options }: CertifySettings): boolean {
  return JSON.stringify(options).includes("{venue}");
}

/**
 * To the kit every other host is unreachable, as on a machine without a network: a WebSocket to one fails by an event, as it
 * would there, and not by throwing. Port 1 answers nobody.
 */
const OFFLINE = [
  "globalThis.WebSocket=new Proxy(globalThis.WebSocket,{construct:(target,[url,...rest])=>Reflect.construct(target,",
  `[${JSON.stringify(LOOPBACK)}.includes(new URL(String(url)).hostname)?url:"ws://127.0.0.1:1/",...rest])});`,
].join("");
const STRICT = '"use strict";';

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
    tcp: settings.grant.length > 0,
  });
  // On the first line, so that places in the source stay right.
  const code = bundle.code.startsWith(STRICT) ? `${STRICT}${OFFLINE}${bundle.code}` : `${OFFLINE}${bundle.code}`;
  return { ...bundle, code };
}

export async function openHarness(world: HarnessDeps): Promise<ConformanceHarness> {
  const { clock, ids, settings } = world;
  const key = settings.auth["api_key"] ?? Object.values(settings.auth)[0];
  const venue = await openFakeVenue({ clock, ids, ...(key === undefined ? {} : { key }) });
  const stand = new ConformanceHarness(world, venue);
  venue.onChange = () => stand.changed();
  return stand;
}

export class ConformanceHarness {
  readonly settings: CertifySettings;
  readonly venue: FakeVenue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly connector: Connector;
  /** Asked as the desk asks: answers are parsed, errors are thrown. */
  readonly ask: ReturnType<typeof openVenueCalls>;
  readonly store = new InMemoryStore();
  readonly wire: TransportSpy;
  /** Every fill that it emitted, in order. */
  readonly fills: VenueFill[] = [];
  readonly lines: { readonly level: string; readonly message: string }[] = [];
  readonly states: { readonly state: ConnectorState; readonly reason: string | undefined }[] = [];
  /** Taken from it where a case wants to see what it does without. */
  secrets: Readonly<Record<string, string>>;
  readonly #waiting = new Set<() => void>();

  constructor(world: HarnessDeps, venue: FakeVenue) {
    const { settings, clock, ids, bundle } = world;
    this.settings = settings;
    this.venue = venue;
    this.clock = clock;
    this.ids = ids;
    this.secrets = settings.auth;
    this.wire = new TransportSpy(() => this.changed());
    const log = this.#log();
    this.connector = new Connector({
      name: "kit",
      clock,
      log,
      random: () => 0,
      bundle,
      acceptedDigest: () => undefined,
      quarantineReason: () => undefined,
      secrets: () => Promise.resolve(this.secrets),
      // The adapter itself is judged: nothing is taken out of what it says.
      redact: (text) => text,
      options: addressed(settings.options, venue) as Record<string, unknown>,
      hosts: LOOPBACK,
      tcp: settings.grant.map((grant) => grant.replace(/^tcp:/, "")),
      transport: () => this.wire.watch(world.transport(MEMORY_MB)),
      onFills: (_generation, fills) => takeFills("kit", fills, log, (good) => Promise.resolve(this.#keep(good))),
      onRequest: (what, key, value) => this.store.answer(what, key, value),
      onState: (state, reason) => {
        this.states.push({ state, reason });
        this.changed();
      },
    });
    this.ask = openVenueCalls(new Map([["kit", this.connector]]));
  }

  /** Starts it and fails the case where it does not come up. */
  async start(): Promise<void> {
    await this.connector.start();
    const { state, lastError } = this.connector.facts;
    must(
      state === "ready",
      `it is ${state} and not ready after its start: ${firstLine(lastError ?? "it gave no reason")}`,
    );
  }

  call(method: Method, ...args: readonly unknown[]): Promise<Envelope> {
    return this.connector.call(method, args);
  }

  /** Resolves with what `probe` finds, looked for after every event; past the deadline the case fails with `sentence`. */
  until<T>(probe: () => T | undefined | false, sentence: string | (() => string), ms = PATIENCE_MS): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#waiting.delete(look);
        cancel();
        finish();
      };
      // What a probe throws ends the case, and not the event that woke it.
      const look = (): void => {
        try {
          const found = probe();
          if (found !== undefined && found !== false) settle(() => resolve(found));
        } catch (error) {
          settle(() => reject(error as Error));
        }
      };
      const late = (): CaseFailed => new CaseFailed(typeof sentence === "string" ? sentence : sentence());
      const cancel = this.clock.after(ms, () => settle(() => reject(late())));
      this.#waiting.add(look);
      look();
    });
  }

  /** Lets some time pass, to see that nothing comes. */
  quiet(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  async close(): Promise<void> {
    await this.connector.stop();
    await this.venue.close();
  }

  #keep(fills: readonly VenueFill[]): void {
    this.fills.push(...fills);
    this.changed();
  }

  #log(): Log {
    const at = (level: string) => (message: string, fields?: LogFields) => {
      this.lines.push({ level, message: fields === undefined ? message : `${message} ${JSON.stringify(fields)}` });
      this.changed();
    };
    const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), with: () => log };
    return log;
  }
}

export function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function addressed(value: unknown, venue: FakeVenue): unknown {
  if (typeof value === "string") return value.replaceAll("{venue}", venue.url).replaceAll("{stream}", venue.stream);
  if (Array.isArray(value)) return value.map((part) => addressed(part, venue));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, addressed(part, venue)]));
}
