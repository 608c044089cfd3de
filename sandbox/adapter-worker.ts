/**
 * Entry point of a connector's worker: loads one adapter and exposes its methods over the one port. The host starts
 * this text in a worker thread or in a child process. Each call returns an envelope; errors are never thrown to the
 * host.
 */
// First: it must run before anything reads a lazy global of the runtime.
import { authorFrames } from "../src/lib/author-frames.ts";
import { thrownStack } from "../src/lib/thrown-text.ts";
import "./runtime-network.ts";
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
import { EgressLink, type EgressPort } from "./egress-link.ts";
import { createFetch } from "./fetch.ts";
import { installStubs } from "./global-stubs.ts";
import { grantedNet } from "./granted-net.ts";
import { AdapterShapeError, type Loaded, loadAdapter } from "./load-adapter.ts";
import { type WorkerPort, openPipePorts } from "./pipe-channel.ts";
import { plainJson } from "./plain-json.ts";
import { memoryOfBytes, plainMessage } from "./plain-message.ts";
import { endAtUncaughtErrors } from "./uncaught-errors.ts";
import { webSocketClass, wsModule } from "./websocket.ts";

/** Shorter values would redact ordinary words. */
const SECRET_CHARS_MIN = 6;
const CAUSES_MAX = 3;
const MESSAGE_CHARS_MAX = 4_000;
const STACK_CHARS_MAX = 8_000;

function threadPort(port: MessagePort): WorkerPort {
  const post = port.postMessage.bind(port);
  return {
    post: (message) => post(plainMessage(message)),
    onMessage: (listener) => void port.on("message", listener),
  };
}

function threadEgress(port: MessagePort): EgressPort {
  const post = port.postMessage.bind(port) as (message: unknown, transfer: readonly ArrayBufferLike[]) => void;
  return {
    post: (message) => {
      const plain = plainMessage(message);
      const memory = "d" in plain && plain.d !== undefined ? memoryOfBytes(plain.d) : undefined;
      post(plain, memory === undefined ? [] : [memory]);
    },
    onMessage: (listener) => void port.on("message", listener),
  };
}

/** A thread receives its ports in `workerData`; a child process uses pipes. */
const data = workerData as { port: MessagePort; egress: MessagePort } | null;
const ports = data === null ? openPipePorts() : { port: threadPort(data.port), egress: threadEgress(data.egress) };
const { post, onMessage } = ports.port;

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
  return authorFrames(stack);
}

/** `fetch failed` alone says nothing: the reason is in the cause. */
function messageWithCause({ message, cause }: Error): string {
  const reason = cause instanceof Error ? cause.message : "";
  return reason === "" || message.includes(reason) ? message : `${message}: ${reason}`;
}

/** Removes secrets from a text. Applied before a text is cut: the host could not recognize half of a secret. */
let redact = (text: string): string => text;

function redactorOf(values: readonly string[]) {
  const secrets = values.filter((value) => value.length >= SECRET_CHARS_MIN).toSorted((a, b) => b.length - a.length);
  return (text: string): string => secrets.reduce((redacted, value) => redacted.replaceAll(value, "[secret]"), text);
}

/** By the name of the error. `RateLimitExceeded` and `DDoSProtection` are ccxt's. */
const FAILURES: Readonly<Record<string, Extract<Envelope, { ok: false }>["kind"]>> = {
  VenueRejection: "rejection",
  NotSent: "not-sent",
  ConnectRefused: "connect-refused",
  RateLimited: "rate-limited",
  RateLimitExceeded: "rate-limited",
  DDoSProtection: "rate-limited",
};

/** A value that was thrown and is no Error has no stack: the text says why no line is shown. */
function thrownText(value: unknown): string {
  return `${asText(value)} (thrown without new Error, so its line is not known)`;
}

function failureOf(error: unknown): Extract<Envelope, { ok: false }> {
  const message = redact(error instanceof Error ? messageWithCause(error) : thrownText(error));
  const name = error instanceof Error ? error.name : "";
  const kind = FAILURES[name] ?? "error";
  const { retryAfterMs } = error instanceof Error ? (error as { readonly retryAfterMs?: unknown }) : {};
  const stack = error instanceof Error ? stackWithCauses(error) : undefined;
  return {
    ok: false,
    kind,
    message: message.slice(0, MESSAGE_CHARS_MAX),
    retryAfterMs:
      typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs) && retryAfterMs >= 0 ? retryAfterMs : undefined,
    stack: stack === undefined ? undefined : redact(stack).slice(0, STACK_CHARS_MAX),
  };
}

/** Converts the result to plain JSON data. A Date becomes ISO text, and a cycle throws here. */
function successOf(method: Method, value: unknown): Envelope {
  const json = resultJson(method, value);
  return json === undefined ? { ok: true } : { ok: true, value: JSON.parse(json) as unknown };
}

function resultJson(method: Method, value: unknown): string | undefined {
  try {
    return plainJson(value);
  } catch (error) {
    throw new TypeError(
      `the result of ${method} cannot be sent: ${error instanceof Error ? error.message : asText(error)}`,
      { cause: error },
    );
  }
}

function exposeMethods({ adapter, methods }: Loaded, context: ContextHandle): void {
  type Exposed = Record<string, (...args: unknown[]) => Promise<Envelope>>;
  const exposed: Exposed = Object.create(null) as Record<string, never>;
  for (const method of METHODS.filter((name) => methods.includes(name))) {
    exposed[method] = async (...args) => {
      try {
        const run = (adapter as unknown as Record<Method, (...args: unknown[]) => Promise<unknown>>)[method];
        const envelope = successOf(method, await run.apply(adapter, method === "connect" ? [context.ctx] : args));
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
  if (part instanceof Error) return `${part.name}: ${messageWithCause(part)}`;
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return String(part);
  }
}

/** A process writes an error that nothing caught to stderr, and ends. */
if (data !== null)
  endAtUncaughtErrors((thrown) => {
    post({ e: "uncaught", stack: redact(thrownStack(thrown)).slice(0, STACK_CHARS_MAX) });
  });

function startAdapter(start: StartMessage): ContextHandle {
  redact = redactorOf(Object.values(start.secrets));
  const context = createAdapterContext({ post }, start, redact);
  // Not `once`: Node calls such a listener by Function.prototype.apply, with the real process as `this`.
  process.on("exit", () => context.sendAll());
  installStubs((level, ...parts) => {
    const error = parts.find((part) => part instanceof Error);
    const stack = error === undefined ? undefined : stackWithCauses(error);
    context.log(level, parts.map(asText).join(" "), stack === undefined ? undefined : { stack });
  });
  const link = new EgressLink(ports.egress);
  const WebSocket = webSocketClass(link, start.hosts);
  Object.assign(globalThis, { WebSocket, fetch: createFetch(link, start.hosts) });
  const net = start.tcp.length > 0 ? grantedNet(start.tcp, link) : undefined;
  try {
    const loaded = loadAdapter(start, { ws: wsModule(WebSocket), net });
    exposeMethods(loaded, context);
    post({
      e: "handshake",
      protocol: PROTOCOL,
      sdk: loaded.sdk,
      methods: loaded.methods,
      capabilities: loaded.capabilities,
      otherMethods: loaded.otherMethods,
      notStatic: loaded.notStatic,
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
