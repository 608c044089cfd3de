/**
 * Wraps a worker's transport: records everything the worker sends, and pings the worker thread independently of the
 * host.
 */
import type { Transport } from "../host/transport.ts";

/** The host numbers its own pings from 1, so the host ignores the pong with this number. */
const KIT_PING = 0;

export interface Pong {
  readonly heapMb: number;
}

export class TransportSpy {
  readonly #onChange: () => void;
  /** Every message and output line of the worker, as text. */
  readonly received: string[] = [];
  /** Responses to `ping`, in order. */
  readonly pongs: Pong[] = [];
  #transport: Transport | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Wraps the transport of a new worker session. */
  watch(transport: Transport): Transport {
    this.#transport = transport;
    return {
      ...transport,
      onMessage: (listener) =>
        transport.onMessage((message) => {
          this.#record(message);
          listener(message);
          this.#onChange();
        }),
      onOutput: (listener) =>
        transport.onOutput((line) => {
          this.received.push(line);
          listener(line);
        }),
    };
  }

  /** The response is appended to `pongs`. */
  ping(): void {
    this.#transport?.post({ e: "ping", n: KIT_PING });
  }

  /** Ends the worker as a crash would, without a disconnect. */
  async kill(): Promise<void> {
    await this.#transport?.kill();
  }

  #record(message: unknown): void {
    const event = message as { readonly e?: unknown; readonly n?: unknown; readonly heapMb?: unknown } | null;
    if (event?.e === "pong") {
      if (event.n === KIT_PING) this.pongs.push({ heapMb: Number(event.heapMb) });
    } else this.received.push(JSON.stringify(message) ?? "");
  }
}
