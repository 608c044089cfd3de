/**
 * The stories of the page: every state that it can show, each made of the answers of a real desk, in which a story
 * replaces members. A command's own schema checks each changed answer, so that no story shows what no desk can answer.
 * A screenshot of each is kept in test/ui/artefacts/stories; index.html there shows all of them.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Route } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ORDER_STATES } from "../../src/domain/orders/order-state-names.ts";
import { PAGES } from "../../src/ui/pages-list.ts";
import { REGISTRY } from "../support/commands.ts";
import { type BrowserDesk, type SignedInPage, browserDesk, calm } from "./support/browser-desk.ts";
import { DESKTOP, PHONE, type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

const FOLDER = fileURLToPath(new URL("artefacts/stories/", import.meta.url));

/** What the desk answers if an answer "fails". */
const REFUSED = {
  code: "CONNECTOR_NOT_READY",
  message: "connector paper is degraded: it timed out",
  hint: "qoc doctor",
};
/** `waits`: no answer comes. `none`: the answer is an empty list. */
type Replacement = object | "fails" | "waits" | "none";

interface Story {
  readonly name: string;
  readonly route: string;
  /** What the desk answers instead, by command: members that replace those of its answer. */
  readonly answers?: Readonly<Record<string, Replacement>>;
  /** What the page must say. */
  readonly says: string | RegExp;
}

const NOTHING = { proposals: [], orders: [], runs: { running: [] }, lastRun: null, agents: [], schedules: [] };
const SAID = { source: "connector:paper", at: "2026-11-28T10:00:00.000Z", text: "timeout, says the venue" };
/** One asset at two venues, and as a balance. */
const BITCOIN = {
  ...{ asset: "BTC", class: "crypto", mode: "paper", quantity: "0.85", value: "54400", isComplete: false },
  places: [
    { connector: "kraken", symbol: "BTC/USD", quantity: "0.5", value: "32000" },
    { connector: "kraken", symbol: null, quantity: "0.25", value: "16000" },
    { connector: "coinbase", symbol: "BTC-USD", quantity: "0.1", value: null },
  ],
};
const STREAMED = {
  ...{ connector: "kraken", symbol: "BTC/USD", bid: "64000.25", ask: "64001.5", last: null },
  ...{ at: "2026-11-28T10:00:00.000Z", ageSeconds: 3 },
};
const NO_ROWS = { rows: [], next: null, total: 0 };

function connector(changes: object): Readonly<Record<string, object>> {
  return { status: { connectors: [changes] } };
}

/** Words of each state of an order after its decision. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  approved: "Approved.",
  submitting: "Sent.",
  unknown: "UNKNOWN.",
  accepted: "The venue accepted it.",
  partially_filled: "Filled in part.",
  filled: "Filled.",
  cancelled: "Cancelled.",
  expired: "Expired.",
  rejected: "Rejected.",
  denied: "Denied.",
};

const DESK: readonly Story[] = [
  { name: "desk", route: "", says: /wait for you/ },
  { name: "desk-empty", route: "", answers: { status: NOTHING }, says: "Nothing waits for you" },
  {
    name: "desk-cannot-say",
    route: "",
    answers: { status: { ...NOTHING, connectors: [{ state: "unresponsive", untrusted: SAID }] } },
    says: "But paper is unresponsive.",
  },
  {
    name: "desk-not-compared",
    route: "",
    answers: { status: { ...NOTHING, connectors: [{ comparisonFails: true, untrusted: SAID }] } },
    says: "But paper could not be compared with its venue, so its orders are blocked.",
  },
  {
    name: "desk-no-connector",
    route: "",
    answers: { status: { connectors: "none" } },
    says: "No connector in desk.toml.",
  },
  {
    name: "desk-account-old",
    route: "",
    answers: { status: { book: { accounts: [{ isStale: true }] } } },
    says: "! old",
  },
  { name: "desk-live", route: "", answers: connector({ mode: "live" }), says: "LIVE" },
  { name: "desk-unstated", route: "", answers: connector({ mode: "unstated" }), says: "MODE UNSTATED" },
  {
    name: "desk-halted",
    route: "",
    answers: { status: { trading: { state: "halted", reason: "checking fills" } } },
    says: /■ HALTED.*: checking fills/,
  },
  {
    name: "desk-read-only",
    route: "",
    answers: { status: { readOnly: "the journal lacks 3 records" } },
    says: "The desk is read-only:",
  },
  {
    name: "desk-rules-changed",
    route: "",
    answers: {
      status: {
        config: [
          {
            kind: "changed",
            text: "desk.toml changed and is not in force",
            changes: ["guard max-order-nav"],
            fix: "qoc reload",
          },
        ],
      },
    },
    says: "desk.toml changed and is not in force",
  },
  {
    name: "desk-blocked-instrument",
    route: "",
    answers: { status: { flagged: ["paper/SPX"] } },
    says: "paper/SPX is blocked:",
  },
  {
    name: "desk-unread-fill",
    route: "",
    answers: { status: { unread: [{ connector: "paper", kind: "fill", key: "paper/f1" }] } },
    says: "Incomplete: paper.",
  },
  { name: "desk-reading", route: "", answers: { status: "waits" }, says: "Reading the desk…" },
  { name: "desk-error", route: "", answers: { status: "fails" }, says: "No answer about the desk." },
];

const REVIEW: readonly Story[] = [
  { name: "review", route: "review/WAITING", says: /Approves .*, at paper\./ },
  {
    name: "review-heavy",
    route: "review/WAITING",
    answers: { approve: { review: { typedAbove: "1" } } },
    says: /Type SPX to approve: .* is more than 1/,
  },
  {
    name: "review-worth-unknown",
    route: "review/WAITING",
    answers: { approve: { review: { notional: null, quote: null } } },
    says: /what it is worth is not known/,
  },
  { name: "review-blocked", route: "review/BLOCKED", says: /guards block: max-order-nav/ },
  {
    name: "review-live-terminal",
    route: "review/WAITING",
    answers: { approve: { review: { mode: "live" } } },
    says: /Live orders are approved in a terminal/,
  },
  {
    name: "review-live-passkey",
    route: "review/WAITING",
    answers: {
      approve: {
        review: { mode: "live" },
        passkey: { passkeys: [{ name: "amber-kite-oslo", credential: "AAAA" }], expiresAt: 0 },
      },
    },
    says: /Type SPX to approve: it is not a paper order/,
  },
  {
    name: "review-rules-changed",
    route: "review/WAITING",
    answers: { approve: { refusal: { code: "RULES_CHANGED", details: {} } } },
    says: /not those of desk.toml/,
  },
  {
    name: "review-halted",
    route: "review/WAITING",
    answers: { status: { trading: { state: "halted", reason: "lunch" } } },
    says: "Trading is halted. Resume first.",
  },
  { name: "review-reading", route: "review/WAITING", answers: { approve: "waits" }, says: /Reading/ },
  { name: "review-error", route: "review/WAITING", answers: { approve: "fails" }, says: /connector paper is degraded/ },
  { name: "order-approver", route: "orders/FILLED", says: /Approved by a human in a terminal at/ },
  { name: "order-history", route: "orders/FILLED", says: "accepted by the venue" },
  { name: "review-none", route: "review", answers: { status: NOTHING }, says: "Nothing waits for you." },
  {
    name: "review-none-not-compared",
    route: "review",
    answers: { status: { ...NOTHING, connectors: [{ comparisonFails: true, untrusted: SAID }] } },
    says: "But paper could not be compared with its venue, so its orders are blocked.",
  },
  ...ORDER_STATES.filter((state) => state !== "proposed").map((state) => ({
    name: `order-${state}`,
    route: "orders/FILLED",
    answers: { "orders show": { state, rejectedBy: state === "rejected" ? "venue" : null } },
    says: STATE_WORDS[state] ?? state,
  })),
];

const LISTS: readonly Story[] = [
  { name: "orders-empty", route: "orders", answers: { "orders rows": NO_ROWS }, says: "No order yet." },
  { name: "orders-error", route: "orders", answers: { "orders rows": "fails" }, says: "No answer about the orders." },
  { name: "fills-empty", route: "fills", answers: { "fills list": NO_ROWS }, says: "No fill yet." },
  {
    name: "positions-empty",
    route: "positions",
    answers: { "positions list": [] },
    says: "No position.",
  },
  {
    name: "positions-exposure",
    route: "positions",
    answers: { status: { book: { exposures: [BITCOIN] } } },
    says: "kraken 0.5 BTC/USD, kraken 0.25 as a balance, coinbase 0.1 BTC-USD",
  },
  {
    name: "positions-quotes",
    route: "positions",
    answers: { status: { quotes: [STREAMED] } },
    says: "64,001.50",
  },
  {
    name: "positions-account-old",
    route: "positions",
    answers: {
      status: {
        book: { accounts: [{ isStale: true, balances: [{ amount: "12.5", currency: "EUR", buyingPower: null }] }] },
      },
    },
    says: "12.5 EUR",
  },
  {
    name: "equity-empty",
    route: "equity",
    answers: { "equity points": { total: 0, points: [] } },
    says: "No account was reported.",
  },
  {
    name: "equity-one",
    route: "equity",
    answers: { "equity points": { total: 1, points: [["2026-11-28T10:00:00.000Z", "1004210", "0"]] } },
    says: /NAV 1,004,210/,
  },
  {
    name: "equity-replayed",
    route: "equity",
    answers: {
      "equity points": {
        total: 2,
        points: [
          ["2026-11-28T10:00:00.000Z", "1000000", "0"],
          ["2026-11-28T11:00:00.000Z", "990000", "0.01"],
        ],
        statistics: {
          drawdown: {
            ...{ depth: 0.01, from: "2019-01-02", to: "2019-01-04" },
            ...{ fromAt: Date.UTC(2026, 10, 28, 10), toAt: Date.UTC(2026, 10, 28, 11) },
          },
        },
      },
    },
    says: /1.00.%, 28 Nov 2026, 10:00:00 UTC to 28 Nov 2026, 11:00:00 UTC/,
  },
  { name: "inbox-empty", route: "inbox", answers: { "inbox list": [] }, says: /inbox is|inbox is empty/ },
  { name: "issues-empty", route: "issues", answers: { "issues list": [] }, says: "No issue." },
  {
    name: "connectors-none",
    route: "connectors",
    answers: { "connectors list": "none" },
    says: "these lines add the simulated one",
  },
  {
    name: "connectors-broken",
    route: "connectors",
    answers: { "connectors list": [{ state: "quarantined", untrusted: SAID }] },
    says: "quarantined",
  },
  {
    name: "connectors-not-compared",
    route: "connectors",
    answers: { "connectors list": [{ comparisonFails: true, lastError: "contractSize is unknown" }] },
    says: /orders blocked.*could not compare its orders and positions with its venue.*contractSize is unknown/s,
  },
  {
    name: "agents-running",
    route: "agents",
    answers: { "runs list": [{ state: "running", endedAt: null, summary: null }] },
    says: "Stop",
  },
  {
    name: "agents-refused",
    route: "agents",
    answers: {
      "refusals list": [
        {
          ...{ at: "2026-11-28T10:00:00.000Z", agent: "claude", count: 3, reason: "human only" },
          untrusted: { source: "agent:claude", retrievedAt: "2026-11-28T10:00:05.000Z", text: "approve" },
        },
      ],
    },
    says: /^refused: human only/,
  },
  { name: "logs-empty", route: "logs", answers: { logs: "none" }, says: "No line of this kind" },
];

const STORIES = [...DESK, ...REVIEW, ...LISTS];

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let signedIn: SignedInPage;
let ids: Readonly<Record<string, string>>;
let story: Story = { name: "", route: "", says: "" };

/** Members replace members; a list of objects changes the first elements of the list. A word empties a list. */
function merged(value: unknown, other: unknown): unknown {
  if (other === "none") return [];
  if (Array.isArray(other) && Array.isArray(value))
    return other.map((each, index) =>
      typeof each === "object" && !Array.isArray(each) ? merged(value[index], each) : each,
    );
  if (typeof other !== "object" || other === null || Array.isArray(other)) return other;
  const before = (value ?? {}) as Readonly<Record<string, unknown>>;
  const changed = Object.entries(other).map(([key, member]) => [key, merged(before[key], member)]);
  return { ...before, ...Object.fromEntries(changed) };
}

async function answer(route: Route): Promise<void> {
  const { command, input } = route.request().postDataJSON() as { command: string; input: Record<string, unknown> };
  const change = story.answers?.[command];
  if (change === undefined) return route.continue();
  if (change === "waits") return;
  if (change === "fails") return route.fulfill({ status: 422, json: REFUSED });
  const value = merged(await desk.call(command, input), change);
  const { output } = await REGISTRY.load(command);
  const parsed = output.safeParse(value);
  if (!parsed.success) problems.push(`${story.name}: ${command}: ${parsed.error.message}`);
  await route.fulfill({ json: { value, values: [], notes: [] } });
}

/** Stories whose answers no desk can give. */
const problems: string[] = [];

describePage("a story", () => {
  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true });
    [browser, desk] = await Promise.all([openBrowser(), browserDesk({ config: calm })]);
    await desk.call("run", { issue: "001" });
    const [FILLED, WAITING, BLOCKED] = [
      await desk.propose({ limitPrice: "2990", quantity: "1" }),
      await desk.propose(),
      await desk.propose({ quantity: "100" }),
    ];
    ids = { FILLED, WAITING, BLOCKED };
    const { digest } = await desk.call<{ digest: string }>("orders show", { id: FILLED });
    await desk.call("approve", { id: FILLED, digest });
    await desk.call("snapshot");
    context = await browser.context({ viewport: { width: 1000, height: 640 } });
    signedIn = await desk.signIn(context);
    await signedIn.page.route("**/ui/api/command", answer);
  });
  afterAll(async () => {
    const names = readdirSync(FOLDER).filter((file) => file.endsWith(".png"));
    const figures = names.map((file) => `<figure><figcaption>${file}</figcaption><img src="${file}"></figure>`);
    writeFileSync(`${FOLDER}index.html`, `<!doctype html><title>Stories</title>${figures.join("\n")}`);
    await browser?.close();
    await desk?.stop();
  });

  it.each(STORIES)("$name", async (told) => {
    story = told;
    problems.length = 0;
    const { page } = signedIn;
    const route = told.route.replace(/[A-Z]+$/, (name) => ids[name] ?? name);
    await page.goto(`${desk.origin}/ui/?${told.name}#/${route}`);
    await page.getByText(told.says).first().waitFor();
    await page.screenshot({ path: `${FOLDER}${told.name}.png` });
    expect(problems).toEqual([]);
    expect(signedIn.complaints).toEqual({ errors: [], foreign: [] });
  });

  it("desk-gone", async () => {
    story = { name: "gone", route: "", says: "" };
    const { page } = signedIn;
    // A browser that goes offline keeps the stream that it has, and a message of it says that the desk is there.
    await page.route("**/ui/api/events*", (route) => route.abort());
    await page.goto(`${desk.origin}/ui/?gone#/`);
    await page.getByText("The desk does not answer.").waitFor();
    await page.screenshot({ path: `${FOLDER}desk-gone.png` });
    await page.unroute("**/ui/api/events*");
    await page.getByText("up to date").waitFor();
  });

  it("page-outdated", async () => {
    const { page } = await desk.signIn(context);
    let asset = 0;
    await page.route("**/ui/api/events*", (route) => {
      asset += 1;
      return route.fulfill({ contentType: "text/event-stream", body: `event: hello\ndata: {"asset":"${asset}"}\n\n` });
    });
    await signedIn.page.goto("about:blank");
    await page.reload();
    await page.getByText("A newer page is there.").waitFor();
    await page.screenshot({ path: `${FOLDER}page-outdated.png` });
    await page.close();
  });

  it.each([
    ["desktop", DESKTOP, "light"],
    ["phone", PHONE, "dark"],
  ] as const)("each page as this desk is, on a %s", async (screen, viewport, colorScheme) => {
    const other = await browser.context({ viewport, colorScheme });
    const { page, go } = await desk.signIn(other);
    for (const { page: route } of PAGES) {
      await go(route);
      await page.waitForFunction(() => document.querySelector(".loading, .still") === null);
      await page.screenshot({ path: `${FOLDER}${screen}-${route === "" ? "desk" : route}.png` });
    }
    await other.close();
  });
});
