/** Live orders need the passphrase of the operator's key, also if the key has no passphrase. */
import { afterEach, expect, it } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("a live order is not approved with a key that has no passphrase, and nothing is sent", async () => {
  desk = await tempDesk({
    files: { "venue.ts": adapterFixture("scripted-venue") },
    config: (text) =>
      `${text}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "live"\n`,
  });
  const order = {
    connector: "broker",
    side: "buy",
    symbol: "AAA",
    quantity: "1",
    type: "limit",
    limitPrice: "100",
    rationale: "x",
  };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", order);
  for (const passphrase of [undefined, "", "guess"]) {
    const approval = desk.call("approve", { id, digest, ...(passphrase === undefined ? {} : { passphrase }) });
    await expect(approval).rejects.toMatchObject({
      code: "KEY_REQUIRED",
      details: { reason: expect.stringContaining("no passphrase") as string },
    });
  }
  expect(await desk.call("orders show", { id })).toMatchObject({ state: "proposed", approvals: [] });
});
