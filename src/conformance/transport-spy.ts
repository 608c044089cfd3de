/**
 * Wraps a worker's transport: records everything the worker sends, and pings the worker thread independently of the
 * host.
 */
import type { Transport } from "../host/transport.ts";

/** The host numbers its own pings from 1, so the host ignores the reply with this number. */
const KIT_PING = 0;

export interface PingReply {
  readonly heapMb: number;
}

export class TransportSpy {
  readonly #onChange: () => void;
  /** Every message and output line of the worker, as text. */
  readonly received: string[] = [];
  /** Responses to `ping`, in order. */
  readonly pingReplies: PingReply[] = [];
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

  /** The response is appended to `pingReplies`. */
  ping(): void {
    this.#transport?.post({ e: "ping", id: KIT_PING });
  }

  /** Ends the worker as a crash would, without a disconnect. */
  async kill(): Promise<void> {
    await this.#transport?.kill();
  }

  #record(message: unknown): void {
    const event = message as { readonly e?: unknown; readonly id?: unknown; readonly heapMb?: unknown } | null;
    if (event?.e === "ping-reply") {
      if (event.id === KIT_PING) this.pingReplies.push({ heapMb: Number(event.heapMb) });
    } else this.received.push(JSON.stringify(message) ?? "");
  }
}
