/** Messages between the host and the thread of custom guards. The host checks what the thread sends. */
import type { MessagePort } from "node:worker_threads";
import type { BookSnapshot, Order } from "../domain/sdk.ts";

/** The bundled code of one `[[guard]]` of desk.toml. The thread receives all of them when it starts. */
export interface GuardSource {
  readonly key: string;
  readonly code: string;
  /** For stack traces. */
  readonly filename: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the guards evaluate. */
export interface GuardSubject {
  readonly order: Order & { readonly notional: number };
  readonly book: BookSnapshot;
}

/** Evaluates several guards on one order. Without a subject, the guards are only loaded and checked for shape. */
export interface GuardTask {
  /** Receives each result as soon as it is known, so that results before a hanging guard are not lost. */
  readonly port: MessagePort;
  /** Indexes into the list of sources, in the order of desk.toml. */
  readonly guards: readonly number[];
  readonly subject: GuardSubject | undefined;
}

/** `broken`: the guard threw, or its class or its result has the wrong shape. */
export interface GuardResultMessage {
  readonly e: "result";
  readonly guard: number;
  readonly outcome: "allow" | "block" | "broken";
  /** `allow`: the guard's description; `block`: its reason; `broken`: the error. */
  readonly message: string;
}

export interface GuardLogLine {
  readonly e: "log";
  readonly guard: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}

/** From the host to the process of custom guards. */
export type GuardProcessRequest =
  | {
      readonly type: "load";
      readonly workerFile: string;
      readonly piscinaFile: string;
      readonly sources: readonly GuardSource[];
    }
  | ({ readonly type: "run"; readonly id: number; readonly timeoutMs: number } & Omit<GuardTask, "port">);

/** From the process of custom guards to the host. */
export type GuardProcessReply =
  /** The process can run guards. */
  | { readonly type: "ready" }
  | { readonly type: "warning"; readonly reason: string }
  | {
      readonly type: "result";
      readonly id: number;
      readonly events: readonly (GuardResultMessage | GuardLogLine)[];
      readonly problem?: string | undefined;
    };
