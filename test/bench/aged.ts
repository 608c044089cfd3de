/**
 * Row 4: an approval on a desk with a long history, compared with one on a desk with a short one, in turn. The real
 * writer makes both: journal, fold and checkpoints.
 */
import { hostSigner, readPublicKeys, verifySignature } from "../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath } from "../../src/workspace/layout.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";
import { approvalTime, atRest, propose } from "./approval.ts";
import { instantVenue } from "./harness.ts";
import { writeHistory } from "./history.ts";
import { type Row, SHORT, median, ratioOf, say, us } from "./measure.ts";

const LONG = SHORT ? 20_000 : 1_000_000;
const FEW = 1_000;
const ROUNDS = SHORT ? 30 : 300;

/** A desk that was started once, with so many records besides. */
async function deskWith(records: number): Promise<TempDesk> {
  const desk = await tempDesk(instantVenue);
  const { home, root, open } = desk;
  const { deskId } = open.desk.state;
  const { currency } = open.config.account;
  await desk.stop();
  const path = keyPath(home, deskId);
  const { host } = await readPublicKeys(nodeDisk(), path, deskId);
  const sign = await hostSigner(nodeDisk(), path);
  const verify = (text: string, signature: string): boolean => verifySignature(host.publicPem, text, signature);
  const identity = { deskId, currency, sign, verify };
  // Besides the two first records, which the desk has: an order in flight would never end.
  await writeHistory({ root: `${root}/.qoc`, records: records + 2, identity, version: "0.0.0" });
  return tempDesk({ again: desk });
}

async function approve(desk: TempDesk, round: number): Promise<number> {
  const symbol = `S${round % 50}`;
  const draft = await propose(desk, { side: "buy", symbol, quantity: "1", type: "limit", limitPrice: "100" });
  await atRest(desk);
  return approvalTime(desk, draft);
}

export async function aged(): Promise<readonly Row[]> {
  say(`  ${LONG} records ...`);
  const [few, long] = [await deskWith(FEW), await deskWith(LONG)];
  const times = { few: [] as number[], long: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    // Each is first in every second round.
    const order = [["few", few] as const, ["long", long] as const];
    for (const [name, desk] of round % 2 === 0 ? order : order.toReversed())
      times[name].push(await approve(desk, round));
  }
  for (const desk of [few, long]) {
    await desk.stop();
    await discard(desk);
  }
  const [ours, base] = [times.long, times.few].map((each) => each.slice(ROUNDS / 10)) as [number[], number[]];
  return [
    {
      n: 4,
      name: "old desk",
      what: `approve to ack with ${LONG} records of history`,
      floor: `with ${FEW} records`,
      ours: us(median(ours)),
      base: us(median(base)),
      ...ratioOf(ours, base),
      target: "<= 1.2",
    },
  ];
}
