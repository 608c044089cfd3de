/**
 * Entry point of a connector's worker: loads one adapter and exposes its methods over the one port. The host starts
 * this text in a worker thread or in a child process. Each call returns an envelope; errors are never thrown to the
 * host.
 */
import { expose } from "comlink";
import { type MessagePort, workerData } from "node:worker_threads";
import {
  type Envelope,
  type HostMessage,
  METHODS,
  type Method,
  PROTOCOL,
  type StartMessage,
} from "../src/protocol/messages.ts";
import { type ContextHandle, createAdapterContext } from "./adapter-context.ts";
import { installEgress } from "./egress.ts";
import { installStubs } from "./global-stubs.ts";
import { AdapterShapeError, type Loaded, loadAdapter } from "./load-adapter.ts";
import { type WorkerPort, openStdioPort } from "./stdio-channel.ts";

/** Shorter values would redact ordinary words. */
const SECRET_CHARS_MIN = 6;
const CAUSES_MAX = 3;
const MESSAGE_CHARS_MAX = 4_000;
const STACK_CHARS_MAX = 8_000;

function threadPort(port: MessagePort): WorkerPort {
  return {
    post: port.postMessage.bind(port),
    onMessage: (listener) => void port.on("message", listener),
  };
}

/** A thread receives its port in `workerData`; a child process uses pipes. */
const data = workerData as { port: MessagePort } | null;
const { post, onMessage } = data === null ? openStdioPort() : threadPort(data.port);

function isEvent(message: unknown): message is { readonly e: string } {
  return typeof message === "object" && message !== null && "e" in message;
}

let onCall: (message: unknown) => void = () => undefined;

/** Comlink's view of the port: it receives only messages without `e`. */
const endpoint = {
  addEventListener: (_type: string, listener: (event: { data: unknown }) => void) =>
    void (onCall = (message) => listener({ data: message })),
  removeEventListener: () => undefined,
  postMessage: (message: unknown) => post(message),
  start: () => undefined,
};

/** Returns the stack of the error and of its causes. */
function stackWithCauses(error: Error): string | undefined {
  let stack = error.stack;
  let cause: unknown = error.cause;
  for (let depth = 0; depth < CAUSES_MAX && cause !== undefined; depth++) {
    stack = `${stack ?? ""}\ncaused by ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return stack;
}

/** Removes secrets from a text. Applied before a text is cut: the host could not recognize half of a secret. */
let redact = (text: string): string => text;

function redactorOf(values: readonly string[]) {
  const secrets = values.filter((value) => value.length >= SECRET_CHARS_MIN).toSorted((a, b) => b.length - a.length);
  return (text: string): string => secrets.reduce((redacted, value) => redacted.replaceAll(value, "[secret]"), text);
}

function failureOf(error: unknown): Extract<Envelope, { ok: false }> {
  const message = redact(error instanceof Error ? error.message : String(error));
  const name = error instanceof Error ? error.name : "";
  const kind = name === "VenueRejection" ? "rejection" : name === "NotSent" ? "not-sent" : "error";
  const stack = error instanceof Error ? stackWithCauses(error) : undefined;
  return {
    ok: false,
    kind,
    message: message.slice(0, MESSAGE_CHARS_MAX),
    stack: stack === undefined ? undefined : redact(stack).slice(0, STACK_CHARS_MAX),
  };
}

/** Converts the result to plain JSON data. A Date becomes ISO text, a function is dropped, and a cycle throws here. */
function successOf(value: unknown): Envelope {
  const json = JSON.stringify(value);
  return json === undefined ? { ok: true } : { ok: true, value: JSON.parse(json) as unknown };
}

function exposeMethods({ adapter, methods }: Loaded, context: ContextHandle): void {
  type Exposed = Record<string, (...args: unknown[]) => Promise<Envelope>>;
  const exposed: Exposed = Object.create(null) as Record<string, never>;
  for (const method of METHODS.filter((name) => methods.includes(name))) {
    exposed[method] = async (...args) => {
      try {
        const run = (adapter as unknown as Record<Method, (...args: unknown[]) => Promise<unknown>>)[method];
        const envelope = successOf(await run.apply(adapter, method === "connect" ? [context.ctx] : args));
        // The host ends the worker after `disconnect`: send all emitted fills first.
        if (method === "disconnect") context.sendAll();
        context.flush();
        return envelope;
      } catch (error) {
        context.flush();
        return failureOf(error);
      }
    };
  }
  expose(Object.freeze(exposed), endpoint as unknown as Parameters<typeof expose>[1]);
}

function asText(part: unknown): string {
  if (typeof part === "string") return part;
  if (part instanceof Error) return part.stack ?? part.message;
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return String(part);
  }
}

function startAdapter(start: StartMessage): ContextHandle {
  redact = redactorOf(Object.values(start.secrets));
  const context = createAdapterContext({ post }, start, redact);
  process.once("exit", () => context.sendAll());
  const egress = installEgress(start.hosts);
  Object.assign(globalThis, { WebSocket: egress.WebSocket, fetch: egress.fetch });
  installStubs((level, ...parts) => context.log(level, parts.map(asText).join(" ")));
  try {
    const loaded = loadAdapter(start);
    exposeMethods(loaded, context);
    post({
      e: "handshake",
      protocol: PROTOCOL,
      sdk: loaded.sdk,
      methods: loaded.methods,
      capabilities: loaded.capabilities,
    });
  } catch (error) {
    const { message, stack } = failureOf(error);
    post({ e: "failed", kind: error instanceof AdapterShapeError ? "shape" : "threw", message, stack });
  }
  return context;
}

let context: ContextHandle | undefined;
onMessage((message) => {
  if (!isEvent(message)) onCall(message);
  else if (context === undefined) context = startAdapter(message as StartMessage);
  else context.handle(message as HostMessage);
});
