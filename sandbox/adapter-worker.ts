/**
 * The far side of the wall: one adapter, exposed method by method over the one port. Started by the host as text, in a worker
 * thread or in a process of its own. Every call answers with an envelope; nothing is thrown across.
 */
import { expose } from "comlink";
import { type MessagePort, workerData } from "node:worker_threads";
import { type Context, openContext } from "./adapter-context.ts";
import { AdapterShapeError, type Loaded, loadAdapter } from "./load-adapter.ts";
import { installStubs } from "./global-stubs.ts";
import { type WorkerPort, openPipe } from "./stdio-channel.ts";
import {
  type Envelope,
  type HostMessage,
  METHODS,
  type Method,
  PROTOCOL,
  type StartMessage,
} from "../src/protocol/messages.ts";
import { openWeb } from "./egress.ts";

/** A thread is handed its port; a process speaks over pipes. */
function threadPort(port: MessagePort): WorkerPort {
  return {
    post: port.postMessage.bind(port),
    onMessage: (listener) => void port.on("message", listener),
  };
}

const given = workerData as { port: MessagePort } | null;
const { post, onMessage } = given === null ? openPipe() : threadPort(given.port);

function isEvent(message: unknown): message is { readonly e: string } {
  return typeof message === "object" && message !== null && "e" in message;
}

let onCall: (message: unknown) => void = () => undefined;

/** Comlink's view of the port: only messages that are not ours. */
const endpoint = {
  addEventListener: (_type: string, listener: (event: { data: unknown }) => void) =>
    void (onCall = (data) => listener({ data })),
  removeEventListener: () => undefined,
  postMessage: (message: unknown) => post(message),
  start: () => undefined,
};

/** Its stack and those of what caused it, three deep. */
function withCauses(error: Error): string | undefined {
  let text = error.stack;
  let cause: unknown = error.cause;
  for (let depth = 0; depth < 3 && cause !== undefined; depth++) {
    text = `${text ?? ""}\ncaused by ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}

/** Known values go before a text is cut: the host could not tell the half of one. */
let hide = (text: string): string => text;

function hidden(values: readonly string[]) {
  const secrets = values.filter((value) => value.length >= SECRET_CHARS_MIN).toSorted((a, b) => b.length - a.length);
  return (text: string): string => secrets.reduce((shown, value) => shown.replaceAll(value, "[secret]"), text);
}
const SECRET_CHARS_MIN = 6;

function failureOf(error: unknown): Envelope {
  const message = hide(error instanceof Error ? error.message : String(error));
  const name = error instanceof Error ? error.name : "";
  const kind = name === "VenueRejection" ? "rejection" : name === "NotSent" ? "not-sent" : "error";
  const stack = error instanceof Error ? withCauses(error) : undefined;
  return {
    ok: false,
    kind,
    message: message.slice(0, 4_000),
    ...(stack === undefined ? {} : { stack: hide(stack).slice(0, 8_000) }),
  };
}

/** Plain data only: a Date becomes ISO text, a function is dropped, a cycle fails here where its author can see it. */
function answer(value: unknown): Envelope {
  const text = JSON.stringify(value);
  return text === undefined ? { ok: true } : { ok: true, value: JSON.parse(text) as unknown };
}

function serve({ adapter, methods }: Loaded, context: Context): void {
  const api: Record<string, (...args: unknown[]) => Promise<Envelope>> = Object.create(null) as Record<string, never>;
  for (const method of METHODS.filter((name) => methods.includes(name))) {
    api[method] = async (...args) => {
      try {
        const call = (adapter as unknown as Record<Method, (...given: unknown[]) => Promise<unknown>>)[method];
        const value = answer(await call.apply(adapter, method === "connect" ? [context.ctx] : args));
        // After a goodbye the life is ended from outside: whatever was emitted goes first.
        if (method === "disconnect") context.drain();
        context.flush();
        return value;
      } catch (error) {
        context.flush();
        return failureOf(error);
      }
    };
  }
  expose(Object.freeze(api), endpoint as unknown as Parameters<typeof expose>[1]);
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

function begin(start: StartMessage): Context {
  hide = hidden(Object.values(start.secrets));
  const context = openContext({ post }, start, hide);
  process.once("exit", () => context.drain());
  const web = openWeb(start.hosts);
  Object.assign(globalThis, { WebSocket: web.WebSocket, fetch: web.fetch });
  installStubs((level, ...parts) => context.log(level, parts.map(asText).join(" ")));
  try {
    const loaded = loadAdapter(start);
    serve(loaded, context);
    post({
      e: "hello",
      protocol: PROTOCOL,
      sdk: loaded.sdk,
      methods: loaded.methods,
      capabilities: loaded.capabilities,
    });
  } catch (error) {
    const failure = failureOf(error);
    const kind = error instanceof AdapterShapeError ? "shape" : "threw";
    post({
      e: "failed",
      kind,
      message: failure.ok ? "" : failure.message,
      ...(failure.ok ? {} : { stack: failure.stack }),
    });
  }
  return context;
}

let context: Context | undefined;
onMessage((message) => {
  if (!isEvent(message)) onCall(message);
  else if (context === undefined) context = begin(message as StartMessage);
  else context.take(message as HostMessage);
});
