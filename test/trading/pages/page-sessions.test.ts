/** Page sessions over time: codes that expire, sessions that end, what a restart keeps and what a copy lacks. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, it } from "vitest";
import { systemIds } from "../../../src/app/system.ts";
import { applyEvent, emptyDeskState } from "../../../src/domain/desk-state.ts";
import { digestOf } from "../../../src/domain/digest.ts";
import type { DeskEvent, Recorded } from "../../../src/domain/event.ts";
import {
  PAGE_CODE_MS,
  PAGE_IDLE_MS,
  PAGE_SESSION_MS,
  type PageScope,
  runText,
} from "../../../src/domain/pages/page-session.ts";
import { type PageSessions, openPageSessions } from "../../../src/trading/pages/page-sessions.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { type PageKey, loginBody, makePageKey } from "../../support/page-client.ts";
import { quietLog } from "../../support/quiet-log.ts";

const AUTHORITY = { key: "desk", epoch: 1, head: { seq: 1, hash: "" }, expiresAt: 0, signature: "" } as const;

function machine() {
  const clock = fakeClock();
  const state = emptyDeskState();
  state.deskId = "0123456789abcdef0123456789abcdef";
  state.epoch = 1;
  const items: string[] = [];
  const log = quietLog();
  const records: Recorded[] = [];
  const settings = { ui: { approve: "paper" as PageScope, origins: [] }, readOnly: undefined as string | undefined };
  const publish = (event: DeskEvent): Recorded => {
    const recorded = { seq: state.seq + 1, at: clock.now(), epoch: state.epoch, event };
    applyEvent(state, recorded);
    records.push(recorded);
    return recorded;
  };
  const desk = {
    authority: { check: () => Promise.resolve() } as never,
    clock,
    commit: (event: DeskEvent) => Promise.resolve(void publish(event)),
    config: settings as never,
    ids: systemIds,
    log,
    publish,
    readOnly: () => settings.readOnly,
    state,
    workspace: {
      disk: nodeDisk(),
      inbox: { writeHostItem: async ({ body }: { body: string }) => void items.push(body) } as never,
    },
  };
  return { clock, state, desk, items, records, log, settings };
}

let m: ReturnType<typeof machine>;
let file: string;
let pages: PageSessions;
beforeEach(async () => {
  m = machine();
  file = join(mkdtempSync(join(tmpdir(), "qoc-pages-")), "pages.json");
  pages = await openPageSessions(m.desk, file);
});

/** What `qoc ui` does. */
async function grant(code = systemIds.random(16), scope: PageScope = "paper"): Promise<string> {
  const now = m.clock.now();
  await pages.grant({
    ...{ code: digestOf(code), scope, authority: AUTHORITY },
    ...{ codeEndsAt: now + PAGE_CODE_MS, endsAt: now + PAGE_SESSION_MS },
  });
  return code;
}

async function login(code: string) {
  const key = await makePageKey();
  const opened = await pages.login(JSON.parse(await loginBody(code, key)));
  return { ...opened, key, page: await proofOf(key, opened.session) };
}

const [HERE, OTHER_NAME] = ["http://localhost:7777", "http://127.0.0.1:7777"];

/** The page's half, as the page makes it for this run of the desk. */
function proofOf(key: PageKey, session: string): Promise<string> {
  return key.sign(runText(session, pages.run, HERE));
}

async function open(scope?: PageScope) {
  return login(await grant(undefined, scope));
}

function find({ cookie, page: proof }: { cookie: string; page: string }, isUse = true, origin = HERE) {
  return pages.find({ cookie, proof, origin, isUse });
}

/** The neutral point of Ed25519, and the signature that counts for any text under it. */
const NEUTRAL = Buffer.alloc(32, 0);
NEUTRAL[0] = 1;
const WEAK = {
  publicKey: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), NEUTRAL]).toString("base64"),
  proof: Buffer.concat([NEUTRAL, Buffer.alloc(32)]).toString("base64"),
};

describe("a code", () => {
  it("W03 is void after two minutes, and says so", async () => {
    const code = await grant();
    m.clock.advance(PAGE_CODE_MS);
    await expect(login(code)).rejects.toMatchObject({
      code: "PAGE_LOGIN_REFUSED",
      message: expect.stringContaining("2 minutes") as string,
    });
  });

  it("W04 thousands of wrong ones open nothing and are one record a minute; the right one still opens", async () => {
    const code = await grant();
    const key = await makePageKey();
    for (let n = 0; n < 3_000; n++)
      await expect(pages.login({ code: `wrong ${n}`, publicKey: key.publicKey, proof: "" })).rejects.toMatchObject({
        code: "PAGE_LOGIN_REFUSED",
      });
    m.clock.advance(60_000);
    const refused = m.records.filter(({ event }) => event.type === "page.refused").map(({ event }) => event);
    expect(refused).toEqual([{ type: "page.refused", reason: "unknown code", count: 3_000 }]);
    expect((await login(code)).session).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
  });

  it("W08 that was used says when, and leaves one alert in the inbox", async () => {
    const code = await grant();
    await login(code);
    const at = new Date(m.clock.now()).toISOString();
    m.clock.advance(5_000);
    for (const _ of [1, 2])
      await expect(login(code)).rejects.toMatchObject({ code: "PAGE_LINK_USED", details: { at } });
    expect(m.items[0]).toContain("qoc ui revoke --all");
  });

  it("W65 opens nothing after its link was revoked, by the session that it would open or with all", async () => {
    const [code, other] = [systemIds.random(16), await grant()];
    const now = m.clock.now();
    const times = { codeEndsAt: now + PAGE_CODE_MS, endsAt: now + PAGE_SESSION_MS };
    const { session } = await pages.grant({ ...times, code: digestOf(code), scope: "paper", authority: AUTHORITY });
    await pages.close(session, "revoked");
    await expect(login(code)).rejects.toMatchObject({ code: "PAGE_LOGIN_REFUSED" });
    await expect(pages.close(session, "revoked")).rejects.toMatchObject({ code: "PAGE_SESSION_UNKNOWN" });
    const a = await open();
    expect(await pages.closeAll()).toEqual([a.session, expect.any(String)]);
    await expect(login(other)).rejects.toMatchObject({ code: "PAGE_LOGIN_REFUSED" });
    expect([find(a), await pages.closeAll()]).toEqual([undefined, []]);
  });

  it("W65 opens nothing if all are revoked while its page logs in", async () => {
    const [first] = await Promise.all([open(), grant()]);
    const code = await grant();
    const body = JSON.parse(await loginBody(code, await makePageKey()));
    const opening = pages.login(body);
    const closed = await pages.closeAll();
    const { session, cookie } = await opening;
    expect(closed).toContain(session);
    expect(closed).toContain(first.session);
    expect(m.state.pages.sessions.size).toBe(0);
    expect(find({ cookie, page: first.page })).toBeUndefined();
  });

  it("is one of four at most: an earlier one is dropped", async () => {
    const codes: string[] = [];
    for (let n = 0; n < 5; n++) codes.push(await grant());
    await expect(login(codes[0] ?? "")).rejects.toMatchObject({ code: "PAGE_LOGIN_REFUSED" });
    expect(await login(codes[4] ?? "")).toBeDefined();
  });

  it.each<[string, (body: Record<string, string>) => Record<string, string>]>([
    ["no key", (body) => ({ ...body, publicKey: "" })],
    ["a key of another kind", (body) => ({ ...body, publicKey: "A".repeat(59) + "=" })],
    ["a key for which anybody signs", (body) => ({ ...body, ...WEAK })],
    ["a proof of another key", (body) => ({ ...body, proof: Buffer.alloc(64, 1).toString("base64") })],
  ])("with %s opens nothing, and is not used up", async (_name, change) => {
    const code = await grant();
    const body = JSON.parse(await loginBody(code, await makePageKey())) as Record<string, string>;
    await expect(pages.login(change(body) as never)).rejects.toMatchObject({ code: "PAGE_LOGIN_REFUSED" });
    expect(await login(code)).toBeDefined();
  });

  it("opens nothing on a desk that cannot record it", async () => {
    const code = await grant();
    m.settings.readOnly = "the journal is corrupt";
    await expect(login(code)).rejects.toMatchObject({ code: "DESK_READ_ONLY" });
  });
});

describe("a session", () => {
  it("W09 has new halves each time, and both must be of one session", async () => {
    const [a, b] = [await open(), await open()];
    expect(new Set([a.cookie, a.page, b.cookie, b.page]).size).toBe(4);
    for (const _ of ["verified", "known"]) expect(find(a)).toEqual({ session: a.session, scope: "paper" });
    for (const page of [b.page, await proofOf(b.key, a.session), await proofOf(a.key, b.session), "", "x"])
      expect(find({ cookie: a.cookie, page })).toBeUndefined();
    expect(find({ cookie: a.page, page: a.cookie })).toBeUndefined();
  });

  it("W67 has a proof of its page's own origin, known or not", async () => {
    const a = await open();
    expect(find(a, true, OTHER_NAME)).toBeUndefined();
    for (const _ of ["verified", "known"]) expect(find(a)?.session).toBe(a.session);
    expect(find(a, true, OTHER_NAME)).toBeUndefined();
  });

  it("W65 ends at once if it is revoked, and the others go on", async () => {
    const [a, b] = [await open(), await open()];
    const ended: string[] = [];
    pages.onEnd((session, reason) => void ended.push(`${session} ${reason}`));
    await pages.close(a.session, "revoked");
    expect([find(a), find(b)?.session, ended]).toEqual([undefined, b.session, [`${a.session} revoked`]]);
    await expect(pages.close(a.session, "revoked")).rejects.toMatchObject({ code: "PAGE_SESSION_UNKNOWN" });
  });

  it("W66 ends after 12 hours without the human, whatever its stream and its own reads do", async () => {
    const a = await open();
    for (let hour = 0; hour < 11; hour++) {
      m.clock.advance(3_600_000);
      expect(find(a, false)).toBeDefined();
    }
    find(a, true);
    m.clock.advance(PAGE_IDLE_MS - 1);
    expect(find(a, false)).toBeDefined();
    m.clock.advance(1);
    expect(find(a, true)).toBeUndefined();
    expect(m.records.at(-1)?.event).toMatchObject({ type: "page.closed", session: a.session, reason: "idle" });
  });

  it("W66 ends after seven days, however it is used, also without a request", async () => {
    const a = await open();
    const ended: string[] = [];
    pages.onEnd((_session, reason) => void ended.push(reason));
    for (let hour = 1; hour < 7 * 24; hour++) {
      m.clock.advance(3_600_000);
      expect(find(a)).toBeDefined();
    }
    m.clock.advance(3_600_000);
    expect(ended).toEqual(["expired"]);
    expect(find(a)).toBeUndefined();
  });

  it("is one of 24 at most: the one used longest ago ends", async () => {
    const all = [];
    for (let n = 0; n < 25; n++) {
      m.clock.advance(1_000);
      all.push(await open());
    }
    expect(all.map((each) => find(each) !== undefined)).toEqual([false, ...Array<boolean>(24).fill(true)]);
  });

  it('approves nothing if its grant or [ui] approve says "none"', async () => {
    expect((await open("none")).scope).toBe("none");
    const a = await open();
    m.settings.ui.approve = "none";
    expect(find(a)?.scope).toBe("none");
  });
});

describe("W67 a restart", () => {
  async function restart(): Promise<void> {
    await pages.stop();
    pages = await openPageSessions(m.desk, file);
  }

  it("keeps the sessions, whose pages prove their keys again: a file of this user with digests alone", async () => {
    const a = await open();
    await restart();
    expect(find(a)).toBeUndefined();
    expect(find({ cookie: a.cookie, page: await proofOf(a.key, a.session) })?.session).toBe(a.session);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, "utf8");
    expect(text.includes(a.cookie) || text.includes(a.page)).toBe(false);
  });

  it.each<[string, () => void]>([
    ["of another desk", () => (m.state.deskId = "f".repeat(32))],
    ["in a new epoch, as a copy takes one", () => (m.state.epoch = 2)],
    ["whose journal closed the session", () => m.state.pages.sessions.clear()],
    ["with a file that is no such file", () => writeFileSync(file, "{")],
    ["with a file of other halves", () => writeFileSync(file, '{"desk":1}')],
  ])("%s knows no session", async (_name, change) => {
    const a = await open();
    await pages.stop();
    change();
    pages = await openPageSessions(m.desk, file);
    expect(find({ cookie: a.cookie, page: await proofOf(a.key, a.session) })).toBeUndefined();
    expect(pages.list()).toEqual([]);
  });
});
