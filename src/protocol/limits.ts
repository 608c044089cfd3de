/** Limits of the messages between the host and a connector worker. Tests check each limit at N and at N + 1. */
export const LIMITS = {
  /** Text characters of one event, counted by `payloadSize`. */
  eventChars: 64 * 1024,
  /** Text characters of one batch of fills, reports, activities or quotes. */
  batchChars: 256 * 1024,
  /** Text characters of one request to the host. One `store.put` value may fill the whole store (1 MiB). */
  requestChars: 1_200_000,
  /** Text characters of one method's result. Lists of bars and positions can be long. */
  responseChars: 8 * 1024 * 1024,
  /** Members of one object of a method's result: to go through them takes longer than their characters suggest. */
  responseMembers: 20_000,
  /** Entries of a method's answer. */
  positions: 10_000,
  openOrders: 10_000,
  instruments: 10_000,
  rates: 1_000,
  sessions: 10_000,
  bars: 100_000,
  /** Of one page of fills or activities. */
  pageItems: 100_000,
  /** Fills, reports or activities of one message. */
  batchItems: 32,
  /** Currencies of one account. */
  balances: 200,
  /** Price bands of an instrument. */
  tickBands: 100,
  /** Order types, times in force and flags of an instrument. */
  orderOptions: 50,
  /** Fills, reports and activities that were sent and are not acknowledged yet. */
  emissionWindow: 2_048,
  /** Fills, reports and activities that were emitted and are not sent yet. */
  emissionQueue: 100_000,
  /** Symbols of one connector whose newest streamed quote is kept. */
  quoteSymbols: 1_000,
  /** A worker sends its newest quotes this often, so that one symbol has at most 50 a second. */
  quotesEveryMs: 20,
  /** Quotes of one message. */
  quotesPerBatch: 200,
  quotesPerWindow: 20_000,
  quotesWindowMs: 1_000,
  /** A link that goes up and down more often than this within one `linkWindowMs` ends the worker. */
  linkChangesPerWindow: 100,
  linkWindowMs: 60_000,
  /** Method calls that wait for their result. */
  pendingCalls: 256,
  /** Requests to the host that wait for a response. The worker queues further requests. */
  pendingRequests: 32,
  /** Requests in the worker's queue. */
  requestQueue: 1_000,
  messagesPerWindow: 2_000,
  messageWindowMs: 100,
  charsPerWindow: 16 * 1024 * 1024,
  charsWindowMs: 1_000,
  logChars: 4_000,
} as const;

/** Names of an adapter's own methods that its worker sends, in which the host looks for misspelt ones. */
export const METHOD_NAMES = { chars: 100, count: 200 } as const;

/**
 * Built-in modules without access to files, processes, threads or sockets. The bundler refuses every other built-in.
 */
export const ALLOWED_BUILTINS = [
  "assert",
  "buffer",
  "crypto",
  "events",
  "path",
  "path/posix",
  "punycode",
  "querystring",
  "stream",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "timers",
  "timers/promises",
  "url",
  "util",
  "util/types",
  "zlib",
] as const;
