/** Between the kit and one life: hears everything that crosses, and asks the thread by itself whether it is free. */
import type { Transport } from "../host/transport.ts";

/** Not a number the host uses, so that its own count of pongs is not disturbed. */
const OUR_PING = 0;

export interface Pong {
  readonly heapMb: number;
}

export class TransportSpy {
  readonly #onChange: () => void;
  /** Every message and line that came from the worker, as text. */
  readonly crossed: string[] = [];
  readonly pongs: Pong[] = [];
  #transport: Transport | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Wraps the transport of a new life. */
  watch(transport: Transport): Transport {
    this.#transport = transport;
    return {
      ...transport,
      onMessage: (listener) =>
        transport.onMessage((message) => {
          this.#hear(message);
          listener(message);
          this.#onChange();
        }),
      onOutput: (listener) =>
        transport.onOutput((line) => {
          this.crossed.push(line);
          listener(line);
        }),
    };
  }

  /** The next of `pongs` is its answer. */
  ping(): void {
    this.#transport?.post({ e: "ping", n: OUR_PING });
  }

  /** As a crash would: no goodbye. */
  async kill(): Promise<void> {
    await this.#transport?.kill();
  }

  #hear(message: unknown): void {
    const event = message as { readonly e?: unknown; readonly n?: unknown; readonly heapMb?: unknown } | null;
    if (event?.e === "pong") {
      if (event.n === OUR_PING) this.pongs.push({ heapMb: Number(event.heapMb) });
    } else this.crossed.push(JSON.stringify(message) ?? "");
  }
}
