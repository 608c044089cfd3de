/** A page at a real desk over its life: stream, revocation, restart, copy, and desks that approve nothing by click. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { PageClient, ownHeaders, send } from "../support/page-client.ts";
import { type TempDesk, discard, protect, tempDesk } from "../support/temp-desk.ts";

const desks: TempDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) {
    await desk.stop();
    await discard(desk);
  }
});

async function start(options: Parameters<typeof tempDesk>[0] = {}): Promise<TempDesk> {
  const desk = await tempDesk(options);
  desks.push(desk);
  return desk;
}

async function restart(desk: TempDesk, root = desk.root): Promise<TempDesk> {
  await desk.stop();
  desks.splice(desks.indexOf(desk), 1);
  return start({ again: { root, home: desk.home } });
}

async function propose(desk: TempDesk, more: Record<string, unknown> = {}): Promise<{ id: string; digest: string }> {
  const terms = {
    side: "buy",
    symbol: "SPX",
    quantity: "1",
    type: "limit",
    limitPrice: "100",
    rationale: "x",
    ...more,
  };
  const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", terms);
  return { id, digest };
}

/** The stream of a page: `event` resolves with the data of the next event of this name. */
function openStream(page: PageClient) {
  const headers = { ...ownHeaders(page.port), cookie: page.cookie, "x-qoc-page": page.page };
  let text = "";
  let wake: () => void = () => undefined;
  let isEnded = false;
  const call = request({ host: "127.0.0.1", port: page.port, path: "/ui/api/events", headers, agent: false });
  call.on("response", (response) => {
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      wake();
    });
    response.on("close", () => {
      isEnded = true;
      wake();
    });
  });
  call.on("error", () => undefined).end();
  return {
    event: async (name: string): Promise<Record<string, unknown>> => {
      for (;;) {
        const found = new RegExp(`event: ${name}\ndata: (.*)\n\n`).exec(text);
        if (found !== null) {
          text = text.slice(found.index + found[0].length);
          return JSON.parse(found[1] ?? "{}") as Record<string, unknown>;
        }
        if (isEnded) throw new Error(`the stream ended without ${name}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** The human closes the page after the desk has checked its signature, while the decision waits for the venue. */
function revokeAfterCheck(desk: TempDesk, { session }: PageClient): void {
  const { authority } = desk.open.desk;
  const { check } = authority;
  const checkAndRevoke: typeof check = async (decision, signed) => {
    await check(decision, signed);
    await desk.call("ui revoke", { session });
  };
  Object.assign(authority, { check: checkAndRevoke });
}

describe("a page", () => {
  it("follows the desk by its stream, and W65 a revocation cuts it at once while another page goes on", async () => {
    const desk = await start();
    const [page, other] = [await PageClient.login(desk), await PageClient.login(desk)];
    const stream = openStream(page);
    expect(await stream.event("hello")).toMatchObject({
      session: page.session,
      scope: "paper",
      desk: { id: desk.open.desk.state.deskId },
    });
    const { id } = await propose(desk);
    const { topics } = await stream.event("changed");
    expect(topics).toContain(`order:${id}`);
    await desk.call("ui revoke", { session: page.session });
    expect(await stream.event("ended")).toEqual({ reason: "revoked" });
    expect((await page.raw("status")).body["code"]).toBe("PAGE_SESSION_ENDED");
    expect((await other.raw("status")).status).toBe(200);
    expect((await desk.call<readonly { session: string }[]>("ui list")).map(({ session }) => session)).toEqual([
      other.session,
    ]);
  });

  it("W65 that is revoked while the venue is asked for the price approves nothing", async () => {
    const desk = await start();
    const page = await PageClient.login(desk);
    const { id } = await propose(desk);
    revokeAfterCheck(desk, page);
    expect((await page.approve(id)).body["code"]).toBe("PAGE_SESSION_ENDED");
    expect(desk.open.desk.state.orders.get(id as never)?.state).toBe("proposed");
    expect(await desk.call("journal verify")).toMatchObject({ ok: true });
  });

  it("W65 that is revoked while the venue is asked for the quantity resolves nothing, and the desk starts again", async () => {
    const desk = await start();
    const page = await PageClient.login(desk);
    const flag = { connector: "paper" as never, symbol: "SPX", expected: "0" as never, actual: "1" as never };
    desk.open.desk.publish({ type: "instrument.flagged", ...flag });
    revokeAfterCheck(desk, page);
    const refused = await page.decide("resolve", { id: "paper/SPX", note: "looked" });
    expect(refused.body["code"]).toBe("PAGE_SESSION_ENDED");
    expect(desk.open.desk.state.flagged.has("paper/SPX" as never)).toBe(true);
    expect((await restart(desk)).open.desk.readOnly()).toBeUndefined();
  });

  it("W67 stays logged in over a restart, and a copy of the desk knows it no more", async () => {
    const first = await start();
    const before = await PageClient.login(first);
    const second = await restart(first);
    const page = await before.at(second.port);
    const { id } = await propose(second);
    expect((await page.approve(id)).body["value"]).toMatchObject({ id, state: "accepted" });
    const copy = join(dirname(second.root), "copy");
    await second.stop();
    desks.splice(desks.indexOf(second), 1);
    cpSync(second.root, copy, { recursive: true });
    const copied = await start({ again: { root: copy, home: second.home } });
    expect(copied.open.desk.state.trading.state).toBe("halted");
    expect((await (await before.at(copied.port)).raw("status")).status).toBe(401);
  });

  it("W67 sends nothing, to a program that holds the port while the desk is down, that opens the session later", async () => {
    const first = await start();
    const before = await PageClient.login(first);
    const second = await restart(first);
    // What the page of before sends to whatever answers at its port, by every header of its own.
    const heard = { ...before.headers, host: `localhost:${second.port}`, origin: `http://localhost:${second.port}` };
    for (const command of ["status", "orders list", "issues new", "run"]) {
      const body = JSON.stringify({ command, input: {} });
      const answer = await send(second.port, { method: "POST", path: "/ui/api/command", headers: heard, body });
      expect(answer).toMatchObject({ status: 401, body: { code: "PAGE_SESSION_ENDED" } });
    }
    expect((await (await before.at(second.port)).raw("status")).status).toBe(200);
  });

  it("W67 sends nothing, to a program that holds its port while the desk runs at another one, that opens the session", async () => {
    const first = await start();
    const before = await PageClient.login(first);
    const second = await restart(first);
    // The program asks the desk for the name of its run, which the page of before then signs at its own origin.
    const heard = await before.at(second.port, before.origin);
    for (const command of ["status", "orders list", "issues new", "run"])
      expect(await heard.raw(command)).toMatchObject({ status: 401, body: { code: "PAGE_SESSION_ENDED" } });
    expect((await (await before.at(second.port)).raw("status")).status).toBe(200);
  });

  it("W74 reads a desk that is read-only, is refused its decisions with the reason, and no other page logs in", async () => {
    const first = await start();
    const before = await PageClient.login(first);
    const { id, digest } = await propose(first);
    await first.stop();
    desks.splice(desks.indexOf(first), 1);
    const journal = join(first.root, ".qoc/journal/000001.ndjson");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    writeFileSync(journal, `${[...lines.slice(0, -1), "no record", ...lines.slice(-1)].join("\n")}\n`);
    const desk = await start({ again: { root: first.root, home: first.home } });
    const page = await before.at(desk.port);
    expect((await page.raw("orders show", { id })).body["value"]).toMatchObject({ id, state: "proposed" });
    expect((await page.raw("approve", { id, review: true })).body["code"]).toBe("DESK_READ_ONLY");
    expect((await page.decide("reject", { id, digest, comment: "no" })).body["code"]).toBe("JOURNAL_CORRUPT");
    await expect(PageClient.login(desk)).rejects.toThrow(/DESK_READ_ONLY/);
  });

  it("W68 approves no order that is not paper, whatever it sends, and is sent to the terminal", async () => {
    const desk = await start({
      files: { "venue.ts": adapterFixture("scripted-venue") },
      config: (text) =>
        `${text}\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "live"\n`,
    });
    await protect(desk);
    const page = await PageClient.login(desk);
    const { id } = await propose(desk, { connector: "broker", symbol: "AAA" });
    const { signing } = await page.review(id);
    expect(signing.key).toBe("live");
    const refused = await page.approve(id);
    expect(refused).toMatchObject({ status: 409, body: { code: "SIGNATURE_REQUIRED" } });
    expect(desk.open.desk.state.orders.get(id as never)?.state).toBe("proposed");
    await page.decide("halt", { reason: "look" });
    expect((await page.decide("resume", { reason: "go on" })).body["code"]).toBe("SIGNATURE_REQUIRED");
    expect(desk.open.desk.state.trading.state).toBe("halted");
  });

  it('W68 with [ui] approve = "none" rejects and halts, and approves and resumes nothing', async () => {
    const desk = await start({ config: (text) => `${text}\n[ui]\napprove = "none"\n` });
    const page = await PageClient.login(desk);
    const [first, second] = [await propose(desk), await propose(desk, { quantity: "2" })];
    expect((await page.approve(first.id)).body["code"]).toBe("PAGE_NOT_ALLOWED");
    expect((await page.decide("reject", { ...second, comment: "no" })).status).toBe(200);
    expect((await page.decide("halt", { reason: "look" })).status).toBe(200);
    expect((await page.decide("resume", { reason: "go on" })).body["code"]).toBe("PAGE_NOT_ALLOWED");
  });

  it("under a further origin has a Secure cookie, and no other name is served", async () => {
    const origin = "https://desk.tailnet.ts.net";
    const desk = await start({ config: (text) => `${text}\n[ui]\norigins = ["${origin}"]\n` });
    const page = await PageClient.login(desk, undefined, origin);
    expect(page.login.headers["set-cookie"]?.[0]).toMatch(
      /; HttpOnly; SameSite=Strict; Path=\/ui; Max-Age=\d+; Secure$/,
    );
    const { id } = await propose(desk);
    expect((await page.approve(id)).status).toBe(200);
    expect((await page.raw("status", {}, { host: "other.tailnet.ts.net" })).status).toBe(421);
    expect((await page.raw("status", {}, { origin: "http://desk.tailnet.ts.net" })).status).toBe(403);
  });
});
