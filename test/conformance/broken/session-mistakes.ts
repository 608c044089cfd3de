/** Mistakes in loading and connecting, with secrets, and with the connector's limits. */
import type { Mistake } from "./apply-mistake.ts";
import {
  CLOSE,
  CONNECTED,
  FIELD,
  POSITIONS_METHOD,
  QUOTE_METHOD,
  REQUEST_TIME,
  SECRET,
  STATUS_ERROR,
} from "./template-snippets.ts";

const CLASS = "export default class TemplateConnector implements ConnectorAdapter {";
const SUBSCRIBE = "    await this.subscribe();\n    ctx";
const NOT_FOUND_ERROR = "throw new Error(`the venue does not know ${path}`);";

export const SESSION_MISTAKES: readonly Mistake[] = [
  {
    name: "lacks-a-method",
    description: "Its cancel method has another name than the SDK's.",
    edits: [["async cancelOrder(", "async cancel("]],
    caughtBy: ["C01"],
    reason: "method cancelOrder is missing",
  },
  {
    name: "no-default-export",
    description: "It exports its class by name only.",
    edits: [[CLASS, CLASS.replace("default ", "")]],
    caughtBy: ["C01"],
    reason: "the adapter does not load",
  },
  {
    name: "throws-at-import",
    description: "It reads its settings from the environment while it loads, and they are missing.",
    edits: [["const REQUEST_MS = 4_000;", 'const REQUEST_MS = 4_000;\nthrow new Error("VENUE_KEY is not set");']],
    caughtBy: ["C01"],
    reason: "VENUE_KEY is not set",
  },
  {
    name: "built-for-another-sdk",
    description: "It was written for a later SDK version.",
    edits: [["static readonly sdk = 1;", "static readonly sdk = 2;"]],
    caughtBy: ["C01"],
    reason: "SDK 2",
  },
  {
    name: "capability-of-the-wrong-type",
    description: "It sets a boolean capability to a string.",
    edits: [["exactDecimals: true,", 'exactDecimals: "yes" as never,']],
    caughtBy: ["C01"],
    reason: "exactDecimals",
  },
  {
    name: "misspelt-capability",
    description: "It misspells a capability, which is then silently ignored.",
    edits: [
      ["queryByClientId: true,", "queryByClientID: true,"],
      ["readonly capabilities: Capabilities", "readonly capabilities: any"],
    ],
    caughtBy: ["C06"],
    reason: "queryByClientID",
  },
  {
    name: "capability-without-its-method",
    description: "It declares queryByClientId but has no getOrder.",
    edits: [["async getOrder({", "private async lookUp({"]],
    caughtBy: ["C06"],
    reason: "there is no getOrder",
  },
  {
    name: "no-mode",
    description: "It does not declare its mode, so paper and live trading look the same.",
    edits: [['    mode: "paper",\n', ""]],
    caughtBy: ["C07"],
  },
  {
    name: "hard-coded-address",
    description: "It uses a hard-coded address of the venue and ignores its options.",
    edits: [['`${String(this.ctx.options["url"])}${path}`', "`https://api.my-venue.example${path}`"]],
    caughtBy: ["C02"],
  },
  {
    name: "connect-never-returns",
    description: "It waits in connect for a message that the venue never sends.",
    edits: [['!== "hello") return;', '!== "authenticated") return;']],
    caughtBy: ["C02"],
  },
  {
    name: "connected-without-authorisation",
    description: "It opens its stream in the background, so connect succeeds although the venue refused the key.",
    edits: [
      [REQUEST_TIME, ""],
      [SUBSCRIBE, "    void this.subscribe().catch(() => undefined);\n    ctx"],
    ],
    caughtBy: ["C05"],
    reason: "connect succeeded",
  },
  {
    name: "unhandled-rejection",
    description: "It starts background work in connect and does not catch its failure.",
    edits: [[CONNECTED, `${CONNECTED}\n    void this.get("/calendar");`]],
    caughtBy: ["C03"],
    reason: "catch each promise",
  },
  {
    name: "disconnect-never-returns",
    description: "It waits in disconnect for a message that the venue never sends.",
    edits: [[CLOSE, 'await new Promise((resolve) => this.stream?.addEventListener("goodbye", resolve));']],
    caughtBy: ["C08"],
    reason: "do not wait for the venue",
  },
  {
    name: "disconnect-waits-for-the-venue",
    description: "It logs out at the venue in disconnect, and hangs if the venue does not respond.",
    edits: [[CLOSE, `${CLOSE}\n    await this.request("GET", "/time");`]],
    caughtBy: ["C09"],
  },
  {
    name: "cannot-start-twice",
    description: "It stores a running mark and never removes it.",
    edits: [
      [
        "    this.isConnected = true;\n",
        `    if ((await ctx.store.get("runs")) === true) throw new Error("already running");
    await ctx.store.put("runs", true);
    this.isConnected = true;
`,
      ],
    ],
    caughtBy: ["C10", "C76"],
    reason: "already running",
  },
  {
    name: "logs-its-secret",
    description: "It logs its key.",
    edits: [[CONNECTED, 'ctx.logger.info(`connected with ${ctx.secret("api_key")}`);']],
    caughtBy: ["C84", "C85"],
  },
  {
    name: "prints-its-secret-in-base64",
    description: "It prints its key in base64 to standard output.",
    edits: [[CONNECTED, `${CONNECTED}\n    console.log(btoa(ctx.secret("api_key")));`]],
    caughtBy: ["C84"],
    reason: "in base64",
  },
  {
    name: "secret-in-an-error",
    description: "Its errors contain the authorization header.",
    edits: [
      [STATUS_ERROR, STATUS_ERROR.replace("for ${path}", `for \${path} with Bearer \${${SECRET}}`)],
      [NOT_FOUND_ERROR, NOT_FOUND_ERROR.replace("${path}", `\${path} with Bearer \${${SECRET}}`)],
    ],
    caughtBy: ["C84", "C85"],
  },
  {
    name: "stores-its-secret",
    description: "It stores its key in ctx.store.",
    edits: [[CONNECTED, `${CONNECTED}\n    await ctx.store.put("session", { key: ctx.secret("api_key") });`]],
    caughtBy: ["C84"],
  },
  {
    name: "secret-in-the-url",
    description: "It sends its key in the URL, which venues and proxies log.",
    edits: [
      ["`/quotes/${encodeURIComponent(symbol)}`", `\`/quotes/\${encodeURIComponent(symbol)}?key=\${${SECRET}}\``],
    ],
    caughtBy: ["C87"],
    reason: "authorization header",
  },
  {
    name: "ignores-a-missing-secret",
    description: "It continues without authentication if its secret is missing.",
    edits: [
      [REQUEST_TIME, "this.newestFillTime = Date.now();"],
      [SUBSCRIBE, "    await this.subscribe().catch(() => undefined);\n    ctx"],
    ],
    caughtBy: ["C86"],
    reason: "without the secret",
  },
  {
    name: "hides-which-secret-is-missing",
    description: "It replaces the error of a missing secret by a vague one.",
    edits: [
      [
        "    this.ctx = ctx;\n",
        `    this.ctx = ctx;
    try {
      ctx.secret("api_key");
    } catch {
      throw new Error("the configuration is incomplete");
    }
`,
      ],
    ],
    caughtBy: ["C86"],
    reason: "do not replace the error of ctx.secret",
  },
  {
    name: "blocks-the-thread",
    description: "It computes for over a second without yielding.",
    edits: [
      [POSITIONS_METHOD, `${POSITIONS_METHOD}\n    for (const until = Date.now() + 1_500; Date.now() < until; );`],
    ],
    caughtBy: ["C89"],
    reason: "the worker thread was busy",
  },
  {
    name: "fails-under-load",
    description: "It throws above a hundred calls.",
    edits: [
      [FIELD, `${FIELD}\n  private busy = 0;`],
      [QUOTE_METHOD, `${QUOTE_METHOD}\n    if ((this.busy += 1) > 100) throw new Error("too many calls");`],
    ],
    caughtBy: ["C88"],
    reason: "too many calls",
  },
  {
    name: "timeout-too-short",
    description: "Its timeout is one second although the desk waits five.",
    edits: [["const REQUEST_MS = 4_000;", "const REQUEST_MS = 1_000;"]],
    caughtBy: ["C68"],
  },
  {
    name: "floods-the-log",
    description: "It writes a log line every few milliseconds.",
    edits: [[CONNECTED, 'setInterval(() => ctx.logger.info("heartbeat"), 5);']],
    caughtBy: ["C90"],
    reason: "an idle connector sent",
  },
  {
    name: "floods-the-venue",
    description: "It requests open orders in a tight loop.",
    edits: [
      [
        CONNECTED,
        `const request = (): void => void this.getOpenOrders().catch(() => []).finally(request);
    for (let i = 0; i < 24; i++) request();`,
      ],
    ],
    caughtBy: ["C90"],
    reason: "requests to the venue",
  },
  {
    name: "floods-the-desk",
    description: "It emits an old fill again and again.",
    edits: [
      [
        CONNECTED,
        `const old = (await this.getFills(0))[0] ?? {
      fillId: "1", venueOrderId: "1", symbol: "AAPL", side: "buy" as const, quantity: "1", price: "1", timestamp: this.newestFillTime,
    };
    setInterval(() => this.emit(old), 5);`,
      ],
    ],
    caughtBy: ["C90"],
  },
  {
    name: "leaks-memory",
    description: "It keeps data of every quote.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly quotes: unknown[] = [];`],
      [QUOTE_METHOD, `${QUOTE_METHOD}\n    this.quotes.push(Array.from({ length: 20_000 }, Math.random));`],
    ],
    caughtBy: ["C91"],
    reason: "the adapter keeps data of each call",
  },
  {
    name: "crashes-if-the-store-fails",
    description: "It does not catch errors of ctx.store, so a full disk ends the worker.",
    edits: [[CONNECTED, `${CONNECTED}\n    void ctx.store.put("connected", true);`]],
    caughtBy: ["C92"],
    reason: "catch errors of ctx.store",
  },
];
