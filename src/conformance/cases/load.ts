/** Load cases: the adapter loads, declares itself correctly, and starts and stops on time. */
import type { Capabilities } from "../../domain/sdk.ts";
import { DATA_METHODS, METHODS, REQUIRED_METHODS } from "../../protocol/messages.ts";
import { assert, fail } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import { REQUEST_ROUTES } from "../venue/fake-venue-faults.ts";
import { type ConformanceHarness, firstLine } from "../harness.ts";

const CONNECT_MS = 10_000;
const DISCONNECT_MS = 2_000;
/** Long enough for background work of the start to fail. */
const STAY_UP_MS = 500;

/** Each capability and its allowed values. */
const ALLOWED_VALUES: Record<Exclude<keyof Capabilities, "pollSeconds" | "fillsReachBackMs">, readonly unknown[]> = {
  exactDecimals: [true, false],
  clientIdDedupe: ["forever", "open-only", "none"],
  queryByClientId: [true, false],
  buyingPowerNetsOpenOrders: [true, false],
  reduceOnly: [true, false],
  simulatedTime: [true, false],
  mode: ["paper", "live"],
  reports: ["pushed", "polled"],
  marginAccount: [true, false],
};

/** Capabilities whose range the loader checks. */
const NUMBERS: readonly string[] = ["pollSeconds", "fillsReachBackMs"];

async function disconnect(harness: ConformanceHarness): Promise<void> {
  const startedAt = harness.clock.monotonic();
  try {
    const response = await harness.call("disconnect");
    if (!response.ok) fail(`disconnect threw: ${response.message}; close what the adapter opened and return`);
  } catch {
    fail(
      `disconnect did not return within ${Math.round(harness.clock.monotonic() - startedAt)} ms; the limit is ` +
        `${DISCONNECT_MS} ms: do not wait for the venue`,
    );
  }
}

function refuseEveryRequest({ venue }: ConformanceHarness): void {
  for (const route of REQUEST_ROUTES) venue.armFault(route, { kind: "401" }, 1_000);
  venue.armFault("stream", { kind: "reset" }, 1_000);
}

export const LOAD_CASES: readonly TestCase[] = [
  {
    id: "C01",
    group: "load",
    title: "the adapter loads and has the seven required methods",
    proves: "the file bundles, has a default export that is a class, and uses this desk's SDK version",
    startsConnector: true,
    step: "load",
    run: async (harness) => {
      await harness.connector.start();
      const { methods, lastError } = harness.connector.status;
      const required = harness.settings.orders ? REQUIRED_METHODS : DATA_METHODS;
      const missing = required.filter((method) => !methods.includes(method));
      assert(
        missing.length === 0,
        `the adapter does not load: ${firstLine(lastError ?? `${missing.join(", ")} is missing`)}`,
      );
      assert(
        methods.every((method) => METHODS.includes(method)),
        "the worker reported methods that are not part of the SDK",
      );
    },
  },
  {
    id: "C02",
    group: "load",
    title: "connect succeeds within 10 s",
    proves: "the connector starts and answers calls",
    startsConnector: true,
    step: "connect",
    run: async (harness) => {
      const startedAt = harness.clock.monotonic();
      await harness.start();
      const ms = harness.clock.monotonic() - startedAt;
      assert(ms < CONNECT_MS, `connect took ${Math.round(ms)} ms; the limit is ${CONNECT_MS} ms`);
    },
  },
  {
    id: "C03",
    group: "load",
    title: "the connector stays up after its start",
    proves: "no background work of the start fails later: no unhandled rejection, no crash",
    run: async (harness) => {
      await harness.sleep(STAY_UP_MS);
      const { state, restarts, lastError } = harness.connector.status;
      const reason = firstLine(lastError ?? "");
      assert(
        state === "ready" && restarts === 0,
        `${STAY_UP_MS} ms after its start the connector was ${state}: ${reason}; ` +
          `catch each promise that is not awaited`,
      );
    },
  },
  {
    id: "C04",
    group: "load",
    title: "requests go to the address in the options",
    proves: "the kit tests the venue that the adapter talks to, and no venue address is hard-coded",
    needs: { venue: "proxied" },
    run: async (harness) => {
      await harness.call("getQuote", harness.settings.symbol);
      assert(
        harness.venue.requests.length > 0,
        "the kit's venue received no request during connect and getQuote: " +
          "take the address from ctx.options, which certify.toml sets",
      );
    },
  },
  {
    id: "C05",
    group: "load",
    title: "connect fails if the venue refuses the key",
    proves: "a ready connector is authorised at the venue",
    needs: { venue: "proxied", auth: true },
    startsConnector: true,
    run: async (harness) => {
      const wrongSecrets = Object.fromEntries(
        Object.keys(harness.secrets).map((name) => [name, "not-the-key-of-the-venue"]),
      );
      harness.secrets = wrongSecrets;
      // The author's venue may check no key, so the proxy answers for it.
      if (harness.level !== "kit") refuseEveryRequest(harness);
      await harness.connector.start();
      assert(
        harness.connector.status.state !== "ready",
        "the venue answered every request with 401, but connect succeeded: make an authorised request in connect",
      );
    },
  },
  {
    id: "C06",
    group: "load",
    title: "capabilities have known names and values",
    proves: "no capability is lost to a typo, and none is declared without its method",
    run: async (harness) => {
      const { capabilities, methods } = harness.connector.status;
      for (const [name, value] of Object.entries(capabilities)) {
        if (NUMBERS.includes(name)) continue;
        const values = ALLOWED_VALUES[name as keyof typeof ALLOWED_VALUES] as readonly unknown[] | undefined;
        const names = [...Object.keys(ALLOWED_VALUES), ...NUMBERS].join(", ");
        if (values === undefined) fail(`static capabilities has an unknown key ${name}; allowed are ${names}`);
        const allowed = (values ?? []).map((value) => JSON.stringify(value)).join(" or ");
        assert(
          values?.includes(value) === true,
          `capabilities.${name} is ${JSON.stringify(value)}; allowed are ${allowed}`,
        );
      }
      assert(
        capabilities.queryByClientId !== true || methods.includes("getOrder"),
        "capabilities.queryByClientId is true but there is no getOrder: add getOrder, or remove the capability",
      );
    },
  },
  {
    id: "C07",
    group: "load",
    title: "the mode is declared: paper or live",
    proves: "the desk can tell paper trading from live trading without a setting in desk.toml",
    run: async (harness) => {
      const { mode } = harness.connector.status.capabilities;
      assert(
        mode !== undefined,
        "static capabilities has no mode, so the desk treats the connector as live; add " +
          '`static readonly capabilities = { mode: "paper" }` or "live"',
      );
    },
  },
  {
    id: "C08",
    group: "load",
    title: "disconnect returns within 2 s",
    proves: "the adapter does not delay a desk that stops",
    run: async (harness) => disconnect(harness),
  },
  {
    id: "C09",
    group: "load",
    title: "disconnect returns while the venue does not respond",
    proves: "a desk can stop while its venue has an outage",
    needs: { venue: "proxied" },
    run: async (harness) => {
      for (const route of REQUEST_ROUTES) harness.venue.armFault(route, { kind: "hang" }, 1_000);
      await disconnect(harness);
    },
  },
  {
    id: "C10",
    group: "load",
    title: "the connector starts again after a stop",
    proves: "the adapter leaves nothing behind that prevents a second start",
    run: async (harness) => {
      await harness.connector.stop();
      await harness.connector.start();
      const { state, lastError } = harness.connector.status;
      assert(
        state === "ready",
        `after a stop and a start the connector was ${state}: ${firstLine(lastError ?? "no reason was given")}`,
      );
    },
  },
];
