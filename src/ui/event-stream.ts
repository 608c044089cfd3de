/**
 * The stream of changes. One tab of the browser holds the connection, because a browser opens at most six to one
 * server. The tab passes each message on to the others. It says which things changed, never what they are now.
 */
import type { Signal } from "@preact/signals";
import { signal } from "@preact/signals";
import type { Browser } from "./browser.ts";
import type { DeskClient } from "./desk-client.ts";

/** `live`: messages arrive. `lost`: the connection ended or is silent, and what is on the screen may be old. */
export interface LineStatus {
  readonly state: "connecting" | "live" | "lost";
  /** When the state began, ms. */
  readonly since: number;
}

export interface StreamMessage {
  readonly kind: "hello" | "changed" | "gap" | "ended" | "stopping" | "replaced" | "alive";
  /** Keys of what changed, for example `order:20261128-001`. */
  readonly topics: readonly string[];
  /** The version of the page's files that the desk serves now. */
  readonly asset?: string | undefined;
}

const KINDS = ["hello", "changed", "gap", "ended", "stopping", "replaced"] as const;

/** Parses one block of a text/event-stream; a comment is a sign of life. */
export function parseBlock(block: string): StreamMessage | undefined {
  let [event, data] = ["message", ""];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data += line.slice(5).trim();
  }
  if (data === "") return block.trim() === "" ? undefined : { kind: "alive", topics: [] };
  const kind = KINDS.find((known) => known === event);
  if (kind === undefined) return undefined;
  try {
    const { topics, asset } = JSON.parse(data) as { topics?: unknown; asset?: unknown };
    const names = Array.isArray(topics) ? topics.filter((topic) => typeof topic === "string") : [];
    return { kind, topics: names, asset: typeof asset === "string" ? asset : undefined };
  } catch {
    return undefined;
  }
}

const RETRY_MS = [300, 600, 1_200, 2_400, 5_000, 10_000, 15_000];
/** The desk sends a comment every 15 s. A line that is silent for longer is cut. */
const SILENCE_MS = 20_000;
const CHANNEL = "qoc.stream";
const LOCK = "qoc.stream";

interface Relayed {
  readonly line?: LineStatus["state"];
  readonly message?: StreamMessage;
  /** When the desk last sent anything to the leading tab, ms. */
  readonly contactAt?: number;
  /** A new tab asks for the state of the line: the desk may send nothing for 15 s. */
  readonly asks?: true;
}

export class EventStream {
  readonly line: Signal<LineStatus>;
  /** When the desk last sent anything, ms. */
  readonly contactAt: Signal<number>;
  readonly #browser: Browser;
  readonly #client: DeskClient;
  readonly #onMessage: (message: StreamMessage) => void;
  readonly #channel = new BroadcastChannel(CHANNEL);
  #isStopped = false;
  /** Ends the connection of this tab; undefined while another tab leads. */
  #leading: AbortController | undefined;
  #cancelWatch: (() => void) | undefined;

  constructor(browser: Browser, client: DeskClient, onMessage: (message: StreamMessage) => void) {
    this.#browser = browser;
    this.#client = client;
    this.#onMessage = onMessage;
    this.line = signal<LineStatus>({ state: "connecting", since: browser.now() });
    this.contactAt = signal(browser.now());
  }

  start(): void {
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Relayed>) => this.#take(data));
    addEventListener("offline", () => this.#setLine("lost"));
    addEventListener("online", () => void this.#lead(true));
    this.#watchSilence();
    this.#channel.postMessage({ asks: true } satisfies Relayed);
    void this.#lead(false);
  }

  stop(): void {
    this.#isStopped = true;
    this.#leading?.abort();
    this.#cancelWatch?.();
    this.#channel.close();
  }

  /** Waits until this tab leads, then keeps the connection open. `steal` takes the lead from a silent tab. */
  async #lead(steal: boolean): Promise<void> {
    const lead = new AbortController();
    try {
      await navigator.locks.request(LOCK, { steal }, () => {
        this.#leading = lead;
        return this.#connect(lead.signal);
      });
    } catch {
      // Another request took the lead, because this tab was silent.
      lead.abort();
      if (!this.#isStopped && this.#leading === lead) await this.#lead(false);
    }
  }

  async #connect(ended: AbortSignal): Promise<void> {
    for (let attempt = 0; !ended.aborted; attempt += 1) {
      try {
        await this.#client.listen((block) => {
          attempt = 0;
          const message = parseBlock(block);
          if (message !== undefined) this.#relay({ line: "live", message });
        }, ended);
      } catch {
        // The line is lost, whatever the reason; the next attempt follows.
      }
      if (ended.aborted) return;
      this.#relay({ line: "lost" });
      await this.#pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 15_000);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#browser.after(ms, resolve));
  }

  /** The machine may have slept: then nothing that is shown is from now, and the timers have not counted the time. */
  look(): void {
    const { state } = this.line.peek();
    if (state !== "live" || this.#browser.now() - this.contactAt.peek() <= SILENCE_MS) return;
    this.#setLine("lost");
    void this.#lead(true);
  }

  #relay(relayed: Relayed): void {
    this.#channel.postMessage(relayed);
    this.#take(relayed);
  }

  #take({ line, message, contactAt, asks }: Relayed): void {
    if (asks === true) {
      this.#sendState();
      return;
    }
    if (contactAt !== undefined) this.contactAt.value = contactAt;
    if (message !== undefined) this.contactAt.value = this.#browser.now();
    if (line !== undefined) this.#setLine(line);
    if (message !== undefined) {
      this.#watchSilence();
      this.#onMessage(message);
    }
  }

  /** Only the tab with the connection knows it. */
  #sendState(): void {
    if (this.#leading?.signal.aborted !== false || this.line.peek().state !== "live") return;
    this.#channel.postMessage({ line: "live", contactAt: this.contactAt.peek() } satisfies Relayed);
  }

  #setLine(state: LineStatus["state"]): void {
    if (this.line.value.state !== state) this.line.value = { state, since: this.#browser.now() };
  }

  #watchSilence(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#browser.after(SILENCE_MS, () => {
      this.#setLine("lost");
      void this.#lead(true);
    });
  }
}
