/**
 * This desk beside other desks, on the same work in the same run. `QOC_PEERS` names modules that drive another desk,
 * separated by colons; each exports `name` and `open`, which returns a {@link DrivenDesk}. docs/performance.md has an
 * example.
 */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { discard, tempDesk } from "../support/temp-desk.ts";
import { approvalTime, propose } from "./approval.ts";
import { instantVenue } from "./harness.ts";
import { SHORT, median, quantile, say } from "./measure.ts";

const ORDERS = SHORT ? 20 : 1_000;
const SPIN_MS = SHORT ? 200 : 2_000;

interface DrivenDesk {
  /** Proposes an order, and approves it. Returns the time from the approval to the venue's acknowledgement, ms. */
  order(n: number): Promise<number>;
  /** What the desk has on disk of its orders. */
  ledgerBytes(): Promise<number>;
  /** One connector computes without a pause for this long. Returns at once. */
  spin(ms: number): void;
  /** One call to another connector. */
  call(): Promise<unknown>;
  close(): Promise<void>;
}

interface Peer {
  readonly name: string;
  open(): Promise<DrivenDesk>;
}

const SPINNER = "spinner";

async function openQoc(): Promise<DrivenDesk> {
  const desk = await tempDesk({
    ...instantVenue,
    files: { ...instantVenue.files, "spinner.ts": adapterFixture("spinning-venue") },
    config: (template) =>
      `${instantVenue.config?.(template) ?? ""}[[connector]]\nname = "${SPINNER}"\ntype = "custom"\nadapter = "./spinner.ts"\nmode = "paper"\n`,
  });
  const journal = join(desk.root, ".qoc/journal");
  return {
    order: async (n) => {
      const terms = { connector: "instant", side: "buy", quantity: "1", type: "limit", limitPrice: "100" };
      return approvalTime(desk, await propose(desk, { ...terms, symbol: `S${n % 50}` }));
    },
    ledgerBytes: async () =>
      readdirSync(journal, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, { name }) => sum + statSync(join(journal, name)).size, 0),
    spin: (ms) => void desk.open.fleet.venues.quote(SPINNER, `SPIN:${ms}`).catch(() => undefined),
    call: () => desk.open.fleet.venues.quote("instant", "S1"),
    close: async () => {
      await desk.stop();
      await discard(desk);
    },
  };
}

async function measured({ name, open }: Peer): Promise<string> {
  const desk = await open();
  const times: number[] = [];
  for (let n = 0; n < ORDERS; n++) times.push(await desk.order(n));
  const tenth = Math.max(1, Math.floor(ORDERS / 10));
  const ledger = await desk.ledgerBytes();
  const calls = async (): Promise<readonly number[]> => {
    const each: number[] = [];
    for (const until = performance.now() + SPIN_MS; performance.now() < until;) {
      const started = performance.now();
      await desk.call();
      each.push(performance.now() - started);
    }
    return each;
  };
  const alone = quantile(await calls(), 0.99);
  desk.spin(SPIN_MS);
  const beside = quantile(await calls(), 0.99);
  await desk.close();
  const cells = [median(times.slice(0, tenth)), median(times.slice(-tenth)), alone, beside];
  const [first, last, before, spinning] = cells.map((ms) => `${ms.toFixed(1)} ms`);
  return `| ${[name, first, last, `${(ledger / 1e6).toFixed(2)} MB`, before, spinning].join(" | ")} |`;
}

export async function peers(): Promise<string> {
  const files = (process.env["QOC_PEERS"] ?? "").split(":").filter((file) => file !== "");
  if (files.length === 0)
    return "SKIPPED: peers: no other desk is installed; QOC_PEERS names modules that drive one (docs/performance.md)";
  const lines = [
    `| desk | approve to accepted, first ${ORDERS / 10} | last ${ORDERS / 10} of ${ORDERS} | ledger | a call, p99 | while another connector spins |`,
    "|---|---|---|---|---|---|",
  ];
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(resolve(file)).href) as Promise<Peer>));
  for (const peer of [{ name: "Qoc", open: openQoc }, ...modules]) {
    say(`  ${peer.name} ...`);
    lines.push(await measured(peer));
  }
  return lines.join("\n");
}
