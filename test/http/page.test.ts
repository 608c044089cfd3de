/** The page's login and decisions, at a real desk: what a browser sends, from a page of the desk. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JournalReport } from "../../src/commands/command.ts";
import { PageClient, loginBody, makeCode, makePageKey, postHeaders, send } from "../support/page-client.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

async function propose(): Promise<{ id: string; digest: string }> {
  const terms = { side: "buy", symbol: "SPX", quantity: "1", type: "limit", limitPrice: "100" };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
    ...terms,
    rationale: "a test",
  });
  return { id, digest };
}

describe("a login", () => {
  it("W01 W02 one code opens one session, also for two pages at once", async () => {
    const { code, session } = await makeCode(desk);
    const bodies = await Promise.all([1, 2].map(async () => loginBody(code, await makePageKey())));
    const answers = await Promise.all(
      bodies.map((body) =>
        send(desk.port, { method: "POST", path: "/ui/api/login", headers: postHeaders(desk.port), body }),
      ),
    );
    const [first, second] = answers.toSorted((a, b) => a.status - b.status);
    expect(first).toMatchObject({ status: 200, body: { session, scope: "paper" } });
    expect(second).toMatchObject({
      status: 401,
      body: { code: "PAGE_LINK_USED", hint: expect.stringContaining("revoke") },
    });
    expect(desk.services.pages.list().map((page) => page.session)).toContain(session);
  });
});

describe("decisions of a page", () => {
  it("W64 each is signed by the page's key, and journal verify follows them offline", async () => {
    const page = await PageClient.login(desk);
    const { id } = await propose();
    expect((await page.approve(id)).body["value"]).toMatchObject({ id, state: "accepted" });
    expect((await page.decide("halt", { reason: "lunch" })).body["value"]).toMatchObject({ trading: "halted" });
    expect((await page.decide("resume", { reason: "back" })).body["value"]).toMatchObject({ trading: "active" });
    const other = await propose();
    const rejected = await page.decide("reject", { ...other, comment: "too large" });
    expect(rejected.body["value"]).toMatchObject({ id: other.id, state: "rejected" });
    expect((await page.decide("cancel", { id })).body["value"]).toMatchObject({ id, state: "cancelled" });
    const { ok, problems, formats } = await desk.call<JournalReport>("journal verify");
    expect({ ok, problems, byPage: formats.at(-1)?.byPage }).toEqual({ ok: true, problems: [], byPage: 5 });
    const approval = (await desk.services.readEvents()).find(({ event }) => event.type === "order.approved");
    expect(approval?.event).toMatchObject({
      channel: "http",
      shown: expect.stringMatching(/^sha256:/) as string,
      authority: { key: "session", session: page.session },
    });
  });
});
