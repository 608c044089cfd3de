/** Secrets: the adapter itself says nothing of them. The desk's redaction is off here. */
import { type Case, must, skip } from "./test-case.ts";
import { REQUEST_ROUTES } from "./fake-venue-faults.ts";
import { orderFor, send } from "./place-orders.ts";
import { type ConformanceHarness, firstLine } from "./harness.ts";

/** Shorter values stand in ordinary words. */
const CHARS_MIN = 6;
/** For an error to be told of. */
const QUIET_MS = 300;
const FAULTS = [{ kind: "401" }, { kind: "500" }, { kind: "malformed" }, { kind: "reset" }] as const;

const FORMS: readonly (readonly [how: string, form: (value: string) => string])[] = [
  ["as it is", (value) => value],
  ["in base64", (value) => Buffer.from(value).toString("base64").replace(/=+$/, "")],
  ["in base64url", (value) => Buffer.from(value).toString("base64url")],
  ["in hexadecimal", (value) => Buffer.from(value).toString("hex")],
  ["URL-encoded", (value) => encodeURIComponent(value)],
];

/** What the worker's side puts in the place of a value that it knows. */
const HIDDEN = "[secret]";

/** Everything that crossed from the worker is looked through; what its side had to hide was said as well. */
function mustHide(stand: ConformanceHarness, when: string): void {
  const secrets = Object.entries(stand.settings.auth).filter(([, value]) => value.length >= CHARS_MIN);
  if (secrets.length === 0)
    skip(`no secret of certify.toml has ${CHARS_MIN} characters: shorter ones cannot be told from words`);
  const hidden = stand.wire.crossed.find((crossed) => crossed.includes(HIDDEN))?.slice(0, 200);
  must(
    hidden === undefined,
    `${when}, a secret was said, and hidden on its way: ${hidden}; keep it out of messages, errors and what is stored`,
  );
  for (const [name, value] of secrets) {
    for (const [how, form] of FORMS) {
      const text = stand.wire.crossed.find((crossed) => crossed.includes(form(value)));
      const shown = text?.replaceAll(form(value), `[${name}]`).slice(0, 200);
      must(
        text === undefined,
        `${when}, secret ${name} came out ${how}: ${shown}; keep it out of messages, errors and what is stored`,
      );
    }
  }
}

/** Each call once, whatever comes of it. */
async function exercise(stand: ConformanceHarness): Promise<void> {
  const { symbol, unknownSymbol, orders } = stand.settings;
  const quietly = (asked: Promise<unknown>): Promise<unknown> => asked.catch(() => undefined);
  await quietly(stand.call("getQuote", symbol));
  await quietly(stand.call("getQuote", unknownSymbol));
  await quietly(stand.call("getPositions"));
  await quietly(stand.call("getBuyingPower"));
  for (const [method, ...args] of [
    ["getAccount"],
    ["getInstrument", symbol],
    ["getOpenOrders"],
    ["getFills", 0],
  ] as const)
    await quietly(stand.call(method, ...args));
  if (orders) await send(stand, orderFor(stand));
  if (orders) await quietly(stand.call("cancelOrder", "7999999999999999999"));
}

/** The stream is cut and refused once more: its address may hold a secret. */
async function refuseStream(stand: ConformanceHarness): Promise<void> {
  const { venue } = stand;
  if (venue.streamsOpened === 0) return;
  venue.noFaults();
  const attempts = (): number => venue.requests.filter(({ route }) => route === "stream").length;
  await stand.until(() => venue.streams > 0, "-").catch(() => undefined);
  const before = attempts();
  venue.fault("stream", { kind: "reset" }, 100);
  venue.dropStreams();
  await stand.until(() => attempts() > before, "-").catch(() => undefined);
  await stand.quiet(QUIET_MS);
}

export const SECRET_CASES: readonly Case[] = [
  {
    id: "C84",
    group: "secrets",
    title: "no secret is told in a day's work",
    proves: "logs, answers, errors, fills and stored values hold none",
    needs: { auth: true },
    run: async (stand) => {
      await exercise(stand);
      await stand.connector.stop();
      mustHide(stand, "in normal work");
    },
  },
  {
    id: "C85",
    group: "secrets",
    title: "no secret is told in trouble",
    proves: "errors of a venue that refuses or breaks hold none",
    needs: { venue: true, auth: true },
    isCold: true,
    run: async (stand) => {
      const { venue, connector } = stand;
      for (const route of REQUEST_ROUTES) venue.fault(route, { kind: "401" }, 100);
      venue.fault("stream", { kind: "reset" }, 100);
      await connector.start();
      venue.noFaults();
      await connector.restart();
      for (const fault of FAULTS) {
        venue.noFaults();
        for (const route of REQUEST_ROUTES) venue.fault(route, fault, 100);
        venue.dropStreams();
        await exercise(stand);
      }
      await refuseStream(stand);
      await connector.stop();
      mustHide(stand, "while the venue refused and broke");
    },
  },
  {
    id: "C86",
    group: "secrets",
    title: "a missing secret is an error",
    proves: "it never asks the venue under no name",
    needs: { venue: true, auth: true },
    isCold: true,
    run: async (stand) => {
      stand.secrets = {};
      await stand.connector.start();
      const { state, lastError = "" } = stand.connector.facts;
      must(
        state !== "ready",
        "it was started without its secret, and connect succeeded: read each secret by ctx.secret in connect, and let it throw",
      );
      const [name = ""] = Object.keys(stand.settings.auth);
      must(
        lastError.includes(name),
        `without its secret it failed with ${JSON.stringify(firstLine(lastError))}: let the error of ctx.secret through, it names ${name}`,
      );
    },
  },
  {
    id: "C87",
    group: "secrets",
    title: "a secret is sent where the venue wants it, and nowhere else",
    proves: "it stands in no address and no body, where venues keep logs",
    needs: { venue: true, auth: true },
    run: async (stand) => {
      await exercise(stand);
      for (const { method, path, body } of stand.venue.requests) {
        const text = `${path} ${JSON.stringify(body) ?? ""}`;
        const found = Object.entries(stand.settings.auth).find(
          ([, value]) => value.length >= CHARS_MIN && text.includes(value),
        );
        must(
          found === undefined,
          `secret ${found?.[0]} was sent in the address or the body of ${method} ${path.split("?")[0]}: ` +
            `it belongs in the authorization header`,
        );
      }
    },
  },
];
