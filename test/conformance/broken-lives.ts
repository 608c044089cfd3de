/** Loading, secrets and limits that go wrong: whether it lives, and what it costs and tells while it does. */
import type { Mistake } from "./mistake.ts";

const FIELD = "private isOpen = false;";
const CLASS = "export default class VenueAdapter implements ConnectorAdapter {";
const CONNECTED = 'ctx.logger.info("connected");';
const ASKS_TIME = 'this.newest = (await this.get("/time")).time;';
const CLOSE = "this.ws?.close();";
const QUOTE = "async getQuote(symbol: string): Promise<Quote> {";
const POSITIONS = "async getPositions(): Promise<Position[]> {";
const WRONG_ANSWER = 'throw new Error(`the venue answered ${status} for ${path}: ${body?.error ?? ""}`);';
const SECRET = 'this.ctx.secret("api_key")';

export const BROKEN_LIVES: readonly Mistake[] = [
  {
    name: "lacks-a-method",
    what: "It calls its cancel by another name.",
    edits: [["async cancelOrder(", "async cancel("]],
    caughtBy: ["C01"],
    words: "method cancelOrder is missing",
  },
  {
    name: "no-default-export",
    what: "It exports its class by name only.",
    edits: [[CLASS, CLASS.replace("default ", "")]],
    caughtBy: ["C01"],
    words: "it does not load",
  },
  {
    name: "throws-at-import",
    what: "It reads its settings from the environment when it is loaded, and they are not there.",
    edits: [["const REQUEST_MS = 4_000;", 'const REQUEST_MS = 4_000;\nthrow new Error("VENUE_KEY is not set");']],
    caughtBy: ["C01", "C02"],
    words: "VENUE_KEY is not set",
  },
  {
    name: "built-for-another-sdk",
    what: "It was built for a later SDK.",
    edits: [[CLASS, `${CLASS}\n  static readonly sdk = 2;`]],
    caughtBy: ["C01"],
    words: "SDK 2",
  },
  {
    name: "capability-of-the-wrong-kind",
    what: "It writes a capability as text where the desk reads true or false.",
    edits: [["exactDecimals: true,", 'exactDecimals: "yes" as never,']],
    caughtBy: ["C01", "C02"],
    words: "exactDecimals",
  },
  {
    name: "capability-misspelt",
    what: "It misspells a capability, which is lost in silence.",
    edits: [
      ["queryByClientId: true,", "queryByClientID: true,"],
      ["readonly capabilities: Capabilities", "readonly capabilities: any"],
    ],
    caughtBy: ["C06"],
    words: "queryByClientID",
  },
  {
    name: "claims-what-it-lacks",
    what: "It declares that orders are found by client order id, and has no getOrder.",
    edits: [["async getOrder(", "private async lookUp("]],
    caughtBy: ["C06"],
    words: "there is no getOrder",
  },
  {
    name: "says-not-whether-money-moves",
    what: "It states no mode, and nobody knows paper from live.",
    edits: [['    mode: "paper",\n', ""]],
    caughtBy: ["C07"],
  },
  {
    name: "address-written-in",
    what: "It asks the address of the real venue, whatever its options say.",
    edits: [["`${this.ctx.options.url}${path}`", "`https://api.my-venue.example${path}`"]],
    caughtBy: ["C02"],
  },
  {
    name: "connect-that-never-ends",
    what: "It waits in connect for a message that the venue never sends.",
    edits: [['=== "hello") resolve();', '=== "authenticated") resolve();']],
    caughtBy: ["C02"],
  },
  {
    name: "connected-without-being-let-in",
    what: "It starts its stream in the background, and connect succeeds although the venue refused the key.",
    edits: [
      [ASKS_TIME, ""],
      ["    await this.subscribe();\n    ctx", "    void this.subscribe().catch(() => undefined);\n    ctx"],
    ],
    caughtBy: ["C05"],
    words: "connect succeeded",
  },
  {
    name: "promise-left-alone",
    what: "It starts work in connect whose failure nobody catches.",
    edits: [[CONNECTED, `${CONNECTED}\n    void this.get("/calendar");`]],
    caughtBy: ["C03"],
    words: "catch each promise",
  },
  {
    name: "disconnect-that-hangs",
    what: "It waits in disconnect for a goodbye that the venue never says.",
    edits: [[CLOSE, 'await new Promise((go) => this.ws?.addEventListener("goodbye", go));']],
    caughtBy: ["C08"],
    words: "do not wait for the venue",
  },
  {
    name: "logs-out-on-disconnect",
    what: "It asks the venue to end its session, and hangs when the venue does.",
    edits: [[CLOSE, `${CLOSE}\n    await this.request("GET", "/time");`]],
    caughtBy: ["C09"],
  },
  {
    name: "cannot-start-twice",
    what: "It marks in its store that it runs, and never takes the mark away.",
    edits: [
      [
        "    this.isOpen = true;\n",
        `    if ((await ctx.store.get("runs")) === true) throw new Error("it runs already");
    await ctx.store.put("runs", true);
    this.isOpen = true;
`,
      ],
    ],
    caughtBy: ["C10", "C76"],
    words: "it runs already",
  },
  {
    name: "logs-its-secret",
    what: "It logs the key that it connects with.",
    edits: [[CONNECTED, 'ctx.logger.info(`connected with ${ctx.secret("api_key")}`);']],
    caughtBy: ["C84", "C85"],
  },
  {
    name: "prints-its-login",
    what: "It prints its authorization header in base64 while it is tried out.",
    edits: [[CONNECTED, `${CONNECTED}\n    console.log(btoa(ctx.secret("api_key")));`]],
    caughtBy: ["C84"],
    words: "in base64",
  },
  {
    name: "secret-in-an-error",
    what: "It puts the whole request into the error, with its header.",
    edits: [[WRONG_ANSWER, WRONG_ANSWER.replace("for ${path}", `for \${path} with Bearer \${${SECRET}}`)]],
    caughtBy: ["C84", "C85"],
  },
  {
    name: "stores-its-secret",
    what: "It keeps its session in the store, key and all.",
    edits: [[CONNECTED, `${CONNECTED}\n    await ctx.store.put("session", { key: ctx.secret("api_key") });`]],
    caughtBy: ["C84"],
  },
  {
    name: "secret-in-the-address",
    what: "It sends the key in the address, where venues and proxies log it.",
    edits: [
      ["`/quotes/${encodeURIComponent(symbol)}`", `\`/quotes/\${encodeURIComponent(symbol)}?key=\${${SECRET}}\``],
    ],
    caughtBy: ["C87"],
    words: "authorization header",
  },
  {
    name: "does-without-its-secret",
    what: "It goes on without a name when its secret is missing.",
    edits: [
      [ASKS_TIME, "this.newest = Date.now();"],
      ["    await this.subscribe();\n    ctx", "    await this.subscribe().catch(() => undefined);\n    ctx"],
    ],
    caughtBy: ["C86"],
    words: "without its secret",
  },
  {
    name: "hides-which-secret-is-missing",
    what: "It replaces the error of a missing secret with one that names nothing.",
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
    words: "let the error of ctx.secret through",
  },
  {
    name: "computes-for-a-second",
    what: "It computes in one go, and neither answers nor takes fills meanwhile.",
    edits: [[POSITIONS, `${POSITIONS}\n    for (const until = Date.now() + 1_500; Date.now() < until; );`]],
    caughtBy: ["C89"],
    words: "its thread was busy",
  },
  {
    name: "refuses-under-load",
    what: "It gives up above a hundred calls at once.",
    edits: [
      [FIELD, `${FIELD}\n  private busy = 0;`],
      [QUOTE, `${QUOTE}\n    if ((this.busy += 1) > 100) throw new Error("too many calls");`],
    ],
    caughtBy: ["C88"],
    words: "too many calls",
  },
  {
    name: "impatient",
    what: "It gives up after a second, while the desk would wait for five.",
    edits: [["const REQUEST_MS = 4_000;", "const REQUEST_MS = 1_000;"]],
    caughtBy: ["C68"],
  },
  {
    name: "floods-the-log",
    what: "It logs each turn of its loop, with nothing to do.",
    edits: [[CONNECTED, 'setInterval(() => ctx.logger.info("heartbeat"), 5);']],
    caughtBy: ["C90"],
    words: "with nothing to do",
  },
  {
    name: "floods-the-venue",
    what: "It asks for orders in a tight loop, with nothing to do.",
    edits: [
      [
        CONNECTED,
        `const ask = (): void => void this.getOpenOrders().catch(() => []).finally(ask);
    for (let i = 0; i < 24; i++) ask();`,
      ],
    ],
    caughtBy: ["C90"],
    words: "requests to the venue",
  },
  {
    name: "floods-the-desk",
    what: "It hands every fill of the day to the desk again and again.",
    edits: [
      [
        CONNECTED,
        `const again = (await this.getFills(0))[0] ?? {
      fillId: "1", venueOrderId: "1", symbol: "AAPL", side: "buy" as const, quantity: "1", price: "1", timestamp: this.newest,
    };
    setInterval(() => this.emit(again), 5);`,
      ],
    ],
    caughtBy: ["C90"],
  },
  {
    name: "keeps-every-quote",
    what: "It keeps what it was asked for ever, and its memory grows with its work.",
    edits: [
      [FIELD, `${FIELD}\n  private readonly asked: unknown[] = [];`],
      [QUOTE, `${QUOTE}\n    this.asked.push(Array.from({ length: 20_000 }, Math.random));`],
    ],
    caughtBy: ["C91"],
    words: "it keeps something of each call",
  },
  {
    name: "dies-when-the-store-fails",
    what: "It writes to its store and catches nothing, and a full disk here ends its life.",
    edits: [[CONNECTED, `${CONNECTED}\n    void ctx.store.put("connected", true);`]],
    caughtBy: ["C92"],
    words: "catch what it throws",
  },
];
