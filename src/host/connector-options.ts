/** What one connector is made of: everything it needs of the world, handed in. */
import type { ConnectorState } from "../domain/event.ts";
import type { Digest } from "../domain/ids.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { Bundle } from "./bundle.ts";
import type { Transport } from "./transport.ts";

export interface ConnectorOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly bundle: () => Promise<Bundle>;
  /** What the operator has accepted: undefined before the first start, and for what comes with Qoc. */
  readonly acceptedDigest: () => Digest | undefined;
  /** Why the operator holds it in quarantine, where that is so. */
  readonly quarantineReason: () => string | undefined;
  readonly secrets: () => Promise<Readonly<Record<string, string>>>;
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly hosts?: readonly string[];
  readonly tcp: readonly string[];
  readonly transport: () => Transport;
  /** Fills of one life, in order; taken in the order of the calls, and resolved when they are on disk. */
  readonly onFills: (generation: number, fills: readonly unknown[]) => Promise<void>;
  readonly onRequest: (what: "get" | "put" | "bars", key: string, value: unknown) => Promise<unknown>;
  readonly onState: (state: ConnectorState, reason: string | undefined) => void;
}
