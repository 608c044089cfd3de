/** Secret cases: the adapter itself never discloses a secret. The desk's redaction is off in the harness. */
import { assert, skip } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import { disclosedForms } from "../disclosed-forms.ts";
import { exercise } from "../exercise.ts";
import { REQUEST_ROUTES } from "../venue/fake-venue-faults.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";
import { orderFor, sendOrder } from "../place-orders.ts";

/** Shorter secrets also occur in ordinary text. */
const CHARS_MIN = 6;
/** Long enough for an error to be reported. */
const REPORT_WAIT_MS = 300;
const FAULTS = ["401", "500", "malformed", "reset", "429", "html"] as const;

/** What the worker runtime replaces a known secret with. */
const MASK = "[secret]";

/** Fails the case if a secret, in any encoding, or the runtime's mask occurs in anything that the worker sent. */
function assertNoSecretLeaked(harness: ConformanceHarness, condition: string): void {
  const secrets = Object.entries(harness.settings.auth).filter(([, value]) => value.length >= CHARS_MIN);
  if (secrets.length === 0)
    skip(
      `no secret in certify.toml has ${CHARS_MIN} characters: shorter ones cannot be distinguished from ordinary text`,
    );
  const masked = harness.spy.received.find((message) => message.includes(MASK))?.slice(0, 200);
  assert(
    masked === undefined,
    `${condition} a secret was sent and masked by the runtime: ${masked}; ` +
      `keep secrets out of messages, errors and stored values`,
  );
  for (const [name, value] of secrets) {
    for (const [description, forms] of disclosedForms(value)) {
      for (const message of harness.spy.received) {
        const form = forms.find((part) => message.includes(part));
        const excerpt = form === undefined ? "" : excerptAround(message, form, name);
        assert(
          form === undefined,
          `${condition} the secret ${name} was sent ${description}: ${excerpt}; ` +
            `keep secrets out of messages, errors and stored values`,
        );
      }
    }
  }
}

function excerptAround(message: string, form: string, name: string): string {
  const start = Math.max(0, message.indexOf(form) - 80);
  return message.replaceAll(form, `[${name}]`).slice(start, start + 200);
}

/** Cuts the stream and refuses one reconnect, whose error may contain the stream's address with the secret. */
async function refuseStream(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  if (venue.streamsOpened === 0) return;
  venue.clearFaults();
  const attempts = (): number => venue.requests.filter(({ route }) => route === "stream").length;
  await harness.waitFor(() => venue.streams > 0, "-").catch(() => undefined);
  const before = attempts();
  venue.armFault("stream", { kind: "reset" }, 100);
  venue.dropStreams();
  await harness.waitFor(() => attempts() > before, "-").catch(() => undefined);
  await harness.sleep(REPORT_WAIT_MS);
}

/** Sends an order that the venue rejects, and cancels an open order twice. */
async function refuseOrders(harness: ConformanceHarness): Promise<void> {
  if (!harness.settings.orders) return;
  await sendOrder(harness, orderFor(harness, { quantity: "99999999" }));
  const outcome = await sendOrder(harness, orderFor(harness));
  if (outcome.kind !== "accepted") return;
  for (const _time of ["first", "again"])
    await harness.call("cancelOrder", outcome.venueOrderId).catch(() => undefined);
}

/** Lets a read and an order end by the adapter's own timeouts. */
async function timeOut(harness: ConformanceHarness): Promise<void> {
  const { settings, venue } = harness;
  venue.clearFaults();
  for (const route of ["quote", "place"] as const) venue.armFault(route, { kind: "hang" }, 100);
  const read = harness.call("getQuote", settings.symbol);
  await Promise.allSettled([read, ...(settings.orders ? [sendOrder(harness, orderFor(harness))] : [])]);
}

export const SECRET_CASES: readonly TestCase[] = [
  {
    id: "C84",
    group: "secrets",
    title: "no secret is disclosed in normal operation",
    proves: "logs, results, errors, fills and stored values contain no secret",
    needs: { auth: true },
    run: async (harness) => {
      await exercise(harness);
      await refuseOrders(harness);
      await harness.connector.stop();
      assertNoSecretLeaked(harness, "in normal operation");
    },
  },
  {
    id: "C85",
    group: "secrets",
    title: "no secret is disclosed during faults",
    proves: "errors of a venue that refuses or breaks contain no secret",
    needs: { venue: "proxied", auth: true },
    startsConnector: true,
    run: async (harness) => {
      const { venue, connector } = harness;
      for (const route of REQUEST_ROUTES) venue.armFault(route, { kind: "401" }, 100);
      venue.armFault("stream", { kind: "reset" }, 100);
      await connector.start();
      venue.clearFaults();
      await connector.restart();
      for (const kind of FAULTS) {
        venue.clearFaults();
        for (const route of REQUEST_ROUTES) venue.armFault(route, { kind }, 100);
        venue.dropStreams();
        await exercise(harness);
      }
      await refuseStream(harness);
      await timeOut(harness);
      await connector.stop();
      assertNoSecretLeaked(harness, "during faults of the venue");
    },
  },
  {
    id: "C86",
    group: "secrets",
    title: "a missing secret is an error",
    proves: "the adapter never sends unauthenticated requests",
    needs: { venue: "proxied", auth: true },
    startsConnector: true,
    run: async (harness) => {
      harness.secrets = {};
      await harness.connector.start();
      const { state, lastError = "" } = harness.connector.status;
      assert(
        state !== "ready",
        "connect succeeded without the secret: read each secret with ctx.secret in connect, and do not catch its error",
      );
      const names = Object.keys(harness.settings.auth);
      assert(
        names.some((name) => lastError.includes(name)),
        `without its secret the connector failed with ${JSON.stringify(firstLine(lastError))}: ` +
          `do not replace the error of ctx.secret, which names ${names.join(" or ")}`,
      );
    },
  },
  {
    id: "C87",
    group: "secrets",
    title: "secrets appear in the authorization header only",
    proves: "secrets are in no URL and no body, which venues log",
    needs: { venue: "proxied", auth: true },
    run: async (harness) => {
      await exercise(harness);
      for (const { method, path, body } of harness.venue.requests) {
        const target = `${path} ${JSON.stringify(body) ?? ""}`;
        const leaked = Object.entries(harness.settings.auth).find(
          ([, value]) => value.length >= CHARS_MIN && target.includes(value),
        );
        assert(
          leaked === undefined,
          `the secret ${leaked?.[0]} was part of the URL or the body of ${method} ${path.split("?")[0]}: ` +
            `send it in the authorization header`,
        );
      }
    },
  },
];
