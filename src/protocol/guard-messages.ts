/** What the host and the thread of custom guards say to each other. Types alone: the host checks what comes back. */
import type { MessagePort } from "node:worker_threads";
import type { BookSnapshot, Order } from "../domain/sdk.ts";

/** One guard of desk.toml as text; the thread gets all of them when it starts. */
export interface GuardSource {
  readonly key: string;
  readonly code: string;
  /** For stack traces. */
  readonly filename: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The whole chain on one order. Without an order the guards are loaded and tried for shape, no more. */
export interface GuardTask {
  /** Rows go here one by one, so that those who answered before one that hangs are heard. */
  readonly port: MessagePort;
  /** Places in the list of sources, in the order of desk.toml. */
  readonly chain: readonly number[];
  readonly asked?: { readonly order: Order & { readonly notional: number }; readonly book: BookSnapshot };
}

/** `broken`: it threw, or what it is or answered has the wrong shape. */
export interface GuardRow {
  readonly e: "row";
  readonly guard: number;
  readonly outcome: "allow" | "block" | "broken";
  /** The description of a guard that allows, the reason of one that blocks. */
  readonly text: string;
}

export interface GuardLine {
  readonly e: "log";
  readonly guard: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}
