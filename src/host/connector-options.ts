/** What a connector is made of, and what it reports. */
import type { ConnectorState } from "../domain/event.ts";
import type { ConnectorName } from "../domain/ids.ts";
import type { Clock, FillSink, Log, PushSink } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Slots } from "../lib/slots.ts";
import type { NetworkPolicy } from "../protocol/egress-messages.ts";
import type { AcceptedAdapterOptions } from "./accepted-adapter.ts";
import type { AdapterRequestHandler } from "./adapter-requests.ts";
import type { Bundle } from "./bundle.ts";
import type { ConnectionExpectation } from "./connection.ts";
import type { Transport } from "./transport.ts";
import type { TurnSlices } from "./turn-slices.ts";

export interface ConnectorStateChange {
  readonly connector: ConnectorName;
  readonly state: ConnectorState;
  readonly reason: string | undefined;
}

export interface ConnectorOptions extends AcceptedAdapterOptions, ConnectionExpectation {
  readonly clock: Clock;
  readonly log: Log;
  /** Returns numbers from 0 to 1, for jitter. */
  readonly random: () => number;
  /** Rejects if the signal aborts. */
  readonly bundle: (signal: AbortSignal) => Promise<Bundle>;
  /** Why the operator quarantined the connector; undefined if it is not quarantined. */
  readonly quarantineReason: () => string | undefined;
  readonly secrets: () => Promise<Readonly<Record<string, string>>>;
  /** Removes the secrets of all connectors from a text. */
  readonly redact: (text: string) => string;
  /** Removes the connector's own secrets from a text. */
  readonly redactOwn: (text: string) => string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The connector routes no orders, and its adapter needs no method for them. */
  readonly dataOnly?: boolean | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly tcp: readonly string[];
  /** PEM texts that the connector trusts in addition to the runtime's certificates. */
  readonly certificates?: (() => Promise<readonly string[]>) | undefined;
  /** An HTTP proxy, `http://host:port`. */
  readonly proxy?: string | undefined;
  readonly transport: (network: NetworkPolicy) => Transport | Promise<Transport>;
  readonly fillSink: FillSink;
  readonly pushSink: PushSink;
  /** Shared by all connectors of a desk. */
  readonly slices: TurnSlices;
  /** Limits how many connectors of a desk are bundled and load their adapter at once. */
  readonly starts?: Slots | undefined;
  readonly requestHandler: AdapterRequestHandler;
  readonly onStateChange: (change: ConnectorStateChange) => void;
  /** Called before `connect`. @throws VenueOutage if the connector may not start yet; the start is repeated. */
  readonly admit?: ((capabilities: Capabilities) => Promise<void>) | undefined;
}
