/** Load: it starts, says what it is, and goes when asked. */
import type { Capabilities } from "../domain/sdk.ts";
import { METHODS, REQUIRED_METHODS } from "../protocol/messages.ts";
import { type Case, fail, must } from "./test-case.ts";
import { REQUEST_ROUTES } from "./fake-venue-faults.ts";
import { type ConformanceHarness, firstLine } from "./harness.ts";

const CONNECT_MS = 10_000;
const DISCONNECT_MS = 2_000;
/** Long enough for what it left running at its start to fail. */
const STAY_UP_MS = 500;

/** Each capability and what it may be. */
const KNOWN: Record<keyof Capabilities, readonly unknown[]> = {
  exactDecimals: [true, false],
  clientIdDedupe: ["forever", "open-only", "none"],
  queryByClientId: [true, false],
  buyingPowerNetsOpenOrders: [true, false],
  reduceOnly: [true, false],
  simulatedTime: [true, false],
  mode: ["paper", "live"],
};

async function disconnect(stand: ConformanceHarness): Promise<void> {
  const started = stand.clock.monotonic();
  try {
    const answer = await stand.call("disconnect");
    if (!answer.ok) fail(`disconnect threw: ${answer.message}; let it close what it opened and answer`);
  } catch {
    fail(
      `disconnect had no answer in ${Math.round(stand.clock.monotonic() - started)} ms; it has ${DISCONNECT_MS} ms: ` +
        `do not wait for the venue`,
    );
  }
}

export const LOAD_CASES: readonly Case[] = [
  {
    id: "C01",
    group: "load",
    title: "it loads, and has the seven methods",
    proves: "the file bundles, exports a class by default, and speaks this desk's SDK",
    isCold: true,
    run: async (stand) => {
      await stand.connector.start();
      const { methods, lastError } = stand.connector.facts;
      const missing = REQUIRED_METHODS.filter((method) => !methods.includes(method));
      must(missing.length === 0, `it does not load: ${firstLine(lastError ?? `${missing.join(", ")} is missing`)}`);
      must(
        methods.every((method) => METHODS.includes(method)),
        "it told of methods that nobody knows",
      );
    },
  },
  {
    id: "C02",
    group: "load",
    title: "connect succeeds within 10 s",
    proves: "it comes up and can be asked",
    isCold: true,
    run: async (stand) => {
      const started = stand.clock.monotonic();
      await stand.start();
      const ms = stand.clock.monotonic() - started;
      must(ms < CONNECT_MS, `connect took ${Math.round(ms)} ms; it has ${CONNECT_MS} ms`);
    },
  },
  {
    id: "C03",
    group: "load",
    title: "it stays up",
    proves: "nothing that it left running at its start fails later: no unhandled rejection, no crash",
    run: async (stand) => {
      await stand.quiet(STAY_UP_MS);
      const { state, restarts, lastError } = stand.connector.facts;
      const why = firstLine(lastError ?? "");
      must(
        state === "ready" && restarts === 0,
        `${STAY_UP_MS} ms after its start it was ${state}: ${why}; catch each promise that you do not await`,
      );
    },
  },
  {
    id: "C04",
    group: "load",
    title: "it asks the address of its options",
    proves: "the kit drives the venue it speaks to; no address of a real venue is written into it",
    needs: { venue: true },
    run: async (stand) => {
      await stand.call("getQuote", stand.settings.symbol);
      must(
        stand.venue.requests.length > 0,
        "the kit's venue saw no request during connect and getQuote: take the address from ctx.options, as certify.toml gives it",
      );
    },
  },
  {
    id: "C05",
    group: "load",
    title: "a venue that refuses the key is not called connected",
    proves: "ready means that the venue let it in",
    needs: { venue: true, auth: true },
    isCold: true,
    run: async (stand) => {
      const wrong = Object.fromEntries(Object.keys(stand.secrets).map((name) => [name, "not-the-key-of-the-venue"]));
      stand.secrets = wrong;
      await stand.connector.start();
      must(
        stand.connector.facts.state !== "ready",
        "the venue answered 401 to everything, and connect succeeded: make one authorised request in connect",
      );
    },
  },
  {
    id: "C06",
    group: "load",
    title: "its capabilities are written as the desk reads them",
    proves: "no capability is lost by a slip of the pen, and none is claimed without its method",
    run: async (stand) => {
      const { capabilities, methods } = stand.connector.facts;
      for (const [name, value] of Object.entries(capabilities)) {
        const values = KNOWN[name as keyof Capabilities] as readonly unknown[] | undefined;
        if (values === undefined)
          fail(`static capabilities has ${name}, which no desk reads; it may hold ${Object.keys(KNOWN).join(", ")}`);
        const allowed = (values ?? []).map((known) => JSON.stringify(known)).join(" or ");
        must(
          values?.includes(value) === true,
          `capabilities.${name} is ${JSON.stringify(value)}; it may be ${allowed}`,
        );
      }
      must(
        capabilities.queryByClientId !== true || methods.includes("getOrder"),
        "capabilities.queryByClientId is true and there is no getOrder: add getOrder, or leave the capability out",
      );
    },
  },
  {
    id: "C07",
    group: "load",
    title: "it states whether money moves",
    proves: "the desk knows paper from live without a word in desk.toml",
    run: async (stand) => {
      const { mode } = stand.connector.facts.capabilities;
      must(
        mode !== undefined,
        'static capabilities has no mode: the desk treats it like live; write `static readonly capabilities = { mode: "paper" }` or "live"',
      );
    },
  },
  {
    id: "C08",
    group: "load",
    title: "disconnect answers within 2 s",
    proves: "a desk that stops is not held up",
    run: async (stand) => disconnect(stand),
  },
  {
    id: "C09",
    group: "load",
    title: "disconnect answers while the venue hangs",
    proves: "a desk can stop while its venue is in trouble",
    needs: { venue: true },
    run: async (stand) => {
      for (const route of REQUEST_ROUTES) stand.venue.fault(route, { kind: "hang" }, 1_000);
      await disconnect(stand);
    },
  },
  {
    id: "C10",
    group: "load",
    title: "a second start works",
    proves: "it keeps nothing that bars its return",
    run: async (stand) => {
      await stand.connector.stop();
      await stand.connector.start();
      const { state, lastError } = stand.connector.facts;
      must(
        state === "ready",
        `after a stop and a start it was ${state}: ${firstLine(lastError ?? "it gave no reason")}`,
      );
    },
  },
];
