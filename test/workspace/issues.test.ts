/** Notes, issues, inbox and snapshots: read as text, written once, replaced only by who has read. */
import * as fc from "fast-check";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/domain/digest.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { FrontmatterError, parseYaml, readNote, withField, writeNote } from "../../src/workspace/frontmatter.ts";
import { parseToml } from "../../src/workspace/toml.ts";
import { type Workspace, openWorkspace } from "../../src/workspace/workspace.ts";

let root: string;
let workspace: Workspace;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "qoc-notes-"));
  for (const folder of ["issues", "research", "inbox", "snapshots"]) mkdirSync(join(root, folder));
  workspace = openWorkspace({ disk: nodeDisk(), root, clock: { now: Date.now }, secretFiles: () => [] });
});

describe("frontmatter", () => {
  it("frontmatter with any content reads back as it was written", () => {
    const key = fc.stringMatching(/^[a-z_]{1,10}$/).filter((name) => name !== "__proto__");
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ unit: "grapheme", maxLength: 40 })), fc.string(), (fields, body) => {
        const note = readNote(writeNote({ fields, body }));
        expect({ ...note.fields }).toEqual({ ...fields });
        expect(note.body).toBe(body);
      }),
    );
  });

  it("frontmatter with aliases, duplicate keys or nested tables is refused", () => {
    for (const inside of ["a: &x 1\nb: *x", "a: 1\na: 2", "a:\n  b: 1"])
      expect(() => readNote(`---\n${inside}\n---\n`)).toThrow(FrontmatterError);
  });

  it("frontmatter above its size limit is refused, and a body of any size is read", () => {
    expect(() => readNote(`---\na: ${"x".repeat(17 * 1024)}\n---\n`)).toThrow(
      "frontmatter has 17411 bytes; the limit is 16384",
    );
    expect(readNote(`---\na: x\n---\n${"k: x\n".repeat(20_000)}`).fields).toEqual({ a: "x" });
  });

  it("a change of one field changes no other byte", () => {
    const text = "---\nid: 001   # mine\nstatus: open\n---\nbody: status: open\n";
    expect(withField(text, "status", "done")).toBe("---\nid: 001   # mine\nstatus: done\n---\nbody: status: open\n");
    expect(withField("\uFEFF---\r\nid: 1\r\n---\r\nx", "status", "done")).toBe(
      "\uFEFF---\r\nid: 1\r\nstatus: done\r\n---\r\nx",
    );
  });

  it("a byte order mark hides neither the frontmatter nor the first heading", () => {
    expect(readNote("\uFEFF---\r\nstatus: done\r\n---\r\nx")).toEqual({ fields: { status: "done" }, body: "x" });
    expect(readNote("\uFEFF# Title\n")).toEqual({ fields: {}, body: "# Title\n" });
    expect(withField("\uFEFF# Title\n", "status", "done")).toBe('---\nstatus: "done"\n---\n# Title\n');
    expect(parseYaml("\uFEFFa: 1\n")).toEqual({ a: "1" });
    expect(parseToml("\uFEFFa = 1\n", "x.toml")).toEqual({ a: 1 });
  });
});

describe("issues", () => {
  it("that are made at once have numbers and files of their own", async () => {
    const issue = { title: "Review", body: "x", symbols: [], priority: "normal", opened: "2026-07-05" };
    const made = await Promise.all(
      [issue, { ...issue, title: "Trim" }, issue].map((one) => workspace.issues.create(one)),
    );
    expect(made.map(({ path }) => path)).toEqual([
      "issues/001-review.md",
      "issues/002-trim.md",
      "issues/003-review.md",
    ]);
  });

  it("an issue without a title has its first heading, or else the name of its file", async () => {
    writeFileSync(join(root, "issues/004-hand.md"), "Some words.\r\n\r\n## My heading \r\n\r\n# Later\r\n");
    writeFileSync(join(root, "issues/005-none.md"), "#no heading\n");
    const titles = (await workspace.issues.list()).issues.map(({ id, title }) => [id, title]);
    expect(titles).toEqual([
      ["004", "My heading"],
      ["005", "005-none"],
    ]);
  });

  it("issues are numbered and read, and a status change keeps their author's text", async () => {
    const made = await workspace.issues.create({
      title: "Rebalance: tech!",
      body: "## Goal\n\nTrim.",
      symbols: ["AAPL", "TRUE"],
      priority: "high",
      opened: "2026-07-05",
    });
    expect(made.path).toBe("issues/001-rebalance-tech.md");
    expect(await workspace.issues.read(made.path)).toMatchObject({
      id: "001",
      title: "Rebalance: tech!",
      status: "open",
      symbols: ["AAPL", "TRUE"],
    });
    await workspace.issues.setStatus(made.path, "review");
    expect(readFileSync(join(root, made.path), "utf8")).toBe(made.text.replace('status: "open"', "status: review"));
  });

  it("of any number and length are listed in a few megabytes, the last ones whole", async () => {
    const long = "x".repeat(250_000);
    for (let n = 100; n < 150; n++)
      writeFileSync(join(root, `issues/${n}-long.md`), `---\ntitle: ${n} ${"t".repeat(9_000)}\n---\n${long}`);
    writeFileSync(join(root, "issues/001-first.md"), "Look first.\n");
    const { issues: listed } = await workspace.issues.list();
    expect(listed).toHaveLength(51);
    expect(JSON.stringify(listed).length).toBeLessThan(9_000_000);
    expect(listed.at(-1)?.body).toBe(long);
    expect(listed[0]?.body).toBe("Look first.\n");
    expect(listed[1]).toMatchObject({
      title: expect.stringMatching(/^100 t{296}$/),
      body: `${"x".repeat(1_000)}…\n\n(cut: 250000 characters in all; qoc files read issues/100-long.md)\n`,
    });
    for (let n = 0; n < 2_000; n++) writeFileSync(join(root, `issues/9${String(n).padStart(4, "0")}.md`), "x");
    expect((await workspace.issues.list()).issues.map(({ id }) => id)).toEqual(
      Array.from({ length: 2_000 }, (_, n) => `9${String(n).padStart(4, "0")}`),
    );
    expect(await workspace.issues.heads()).toHaveLength(2_051);
    // Those of a status are found among all of them.
    expect(await workspace.issues.list()).toMatchObject({ older: 51 });
    writeFileSync(join(root, "issues/002-held.md"), "---\nstatus: blocked\n---\n");
    expect(await workspace.issues.list(({ status }) => status === "blocked")).toMatchObject({
      issues: [{ id: "002" }],
      older: 0,
    });
  });

  it("issues that cannot be read are listed with their problem", async () => {
    writeFileSync(join(root, "issues/002-bad.md"), "---\na: [\n---\n");
    expect((await workspace.issues.list()).issues).toMatchObject([{ id: "002-bad", status: "blocked" }]);
  });
});

describe("research", () => {
  it("a research note is replaced only with the digest of its current text", async () => {
    const first = await workspace.research.write({ name: "aapl", text: "one", replaces: undefined });
    await expect(workspace.research.write({ name: "aapl", text: "two", replaces: undefined })).rejects.toMatchObject({
      code: "FILE_CHANGED",
    });
    await expect(
      workspace.research.write({ name: "aapl", text: "two", replaces: digestOf("other") }),
    ).rejects.toMatchObject({
      code: "FILE_CHANGED",
    });
    expect(
      (await workspace.research.write({ name: "research/aapl.md", text: "two", replaces: digestOf(first.text) })).text,
    ).toBe("two\n");
    await expect(
      workspace.research.write({ name: "prices/bars/SPX", text: "x", replaces: undefined }),
    ).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
    await expect(workspace.research.write({ name: "../desk", text: "x", replaces: undefined })).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it.each(["CLAUDE", "sub/AGENTS", "prices/new", "../issues/a", ".hidden"])(
    "no research note can be named %s",
    async (name) => {
      await expect(workspace.research.write({ name: name, text: "x", replaces: undefined })).rejects.toMatchObject({
        code: "PATH_REFUSED",
      });
    },
  );

  it("the size limit of a research note counts bytes, not characters", async () => {
    await expect(
      workspace.research.write({ name: "big", text: "€".repeat(200_000), replaces: undefined }),
    ).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
  });

  it("one of several writers that read the same note can replace it", async () => {
    const { text } = await workspace.research.write({ name: "aapl", text: "one", replaces: undefined });
    const all = await Promise.allSettled(
      ["two", "three"].map((next) => workspace.research.write({ name: "aapl", text: next, replaces: digestOf(text) })),
    );
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  it("research is listed even if a note cannot be read", async () => {
    writeFileSync(join(root, "research/big.md"), "x".repeat(300 * 1024));
    const { text } = await workspace.research.write({ name: "small", text: "one", replaces: undefined });
    expect(await workspace.research.list()).toEqual([
      { path: "research/big.md", digest: "", bytes: 300 * 1024 },
      { path: "research/small.md", digest: digestOf(text), bytes: 4 },
    ]);
  });
});

describe("the inbox", () => {
  it("an inbox item of the desk is written once, even after it was archived", async () => {
    const item = { name: "2026-07-05-fill-SPX-BUY-7", frontmatter: { kind: "fill", status: "new" }, body: "x\n" };
    await workspace.inbox.writeHostItem(item);
    writeFileSync(join(root, "inbox", `${item.name}.md`), "---\nkind: fill\nstatus: done\n---\n");
    await workspace.inbox.writeHostItem(item);
    expect(await workspace.inbox.list()).toMatchObject([{ status: "done" }]);
  });

  const message = { title: "Hello", text: "x", kind: "message", at: "2026-07-05T10:00:00.000Z", from: "human" };

  it("an alert of the desk is written even if a message has its title", async () => {
    for (const kind of ["alert", "message"])
      await workspace.inbox.writeMessage({ ...message, title: "refused claude", kind });
    await workspace.inbox.writeHostItem({
      name: "2026-07-05-alert-refused-claude",
      frontmatter: { kind: "alert", title: "claude insists" },
      body: "x\n",
    });
    expect((await workspace.inbox.list()).map(({ kind, title }) => [kind, title])).toEqual([
      ["alert", "claude insists"],
      ["message", "refused claude"],
      ["message", "refused claude"],
    ]);
  });

  it("the kinds fill and alert are accepted from the desk only, and other kinds from the file", async () => {
    for (const kind of ["fill", "alert", "brief"])
      writeFileSync(join(root, `inbox/${kind}.md`), `---\nkind: ${kind}\n---\n`);
    expect((await workspace.inbox.list()).map(({ kind }) => kind)).toEqual(["message", "brief", "message"]);
  });

  it("an item is listed with the beginning of its title", async () => {
    writeFileSync(join(root, "inbox/long.md"), `# ${"t".repeat(200_000)}\n`);
    expect(await workspace.inbox.list()).toMatchObject([{ title: "t".repeat(300) }]);
  });

  it("messages with the same title are all kept, even if they are written at once", async () => {
    await Promise.all([workspace.inbox.writeMessage(message), workspace.inbox.writeMessage(message)]);
    expect(readdirSync(join(root, "inbox"))).toEqual(["2026-07-05-message-hello-2.md", "2026-07-05-message-hello.md"]);
  });
});

describe("snapshots", () => {
  it("snapshots are listed newest first, and those of the oldest days are removed", async () => {
    for (const day of ["01", "02", "03"]) {
      const facts = {
        time: `2026-07-${day}T16:00:00.000Z`,
        currency: "USD",
        nav: `10${day}`,
        cash: "1",
        buyingPower: null,
        accounts: [],
        rates: [],
        profit: [],
        fees: [],
        connectors: ["paper"],
        stale: [],
        positions: [],
        exposures: [],
      };
      await workspace.snapshots.write(facts, 2);
    }
    expect(await workspace.snapshots.list()).toMatchObject([{ nav: "1003" }, { nav: "1002" }]);
  });

  it("a snapshot that cannot be read is listed with what is wrong, and is not the latest", async () => {
    const put = (hour: string, text: string): void =>
      writeFileSync(join(root, `snapshots/2026-07-05T${hour}-30-00Z.toml`), text);
    put("08", '[meta]\ntimestamp = "2026-07-05T08:30:00.000Z"\nnav = "7"\n');
    put("09", '[meta]\ntimestamp = "2026-07-05T09:30:00.000Z\n');
    put("10", '[meta]\nnav = "8"\n');
    expect((await workspace.snapshots.list()).map(({ time, nav, problem }) => [time, nav, problem])).toEqual([
      [
        "2026-07-05T10:30:00.000Z",
        null,
        expect.stringMatching(/^snapshots\/2026-07-05T10.* meta\.timestamp is missing/),
      ],
      ["2026-07-05T09:30:00.000Z", null, expect.stringMatching(/T09.* line 2: a text has no closing quote/)],
      ["2026-07-05T08:30:00.000Z", "7", null],
    ]);
    expect(await workspace.snapshots.latest()).toMatchObject({ nav: "7" });
  });

  it("a snapshot names dollars only for dollars, and says which accounts are not in its sums", async () => {
    const account = {
      connector: "yen",
      currency: "JPY",
      nav: "1000000",
      cash: "1000000",
      isInSum: false,
      navInSum: null,
      isStale: false,
      buyingPower: "400",
      settledCash: "380",
      marginUsed: "20.5",
      venueUnrealizedPnl: null,
      asOf: "2026-07-01T15:59:00.000Z",
      balances: [{ amount: "12.5", currency: "EUR", buyingPower: "10" }],
    };
    const exposures = [
      {
        ...{ asset: "BTC", class: "crypto", mode: "paper", quantity: "0.7", value: "42000" },
        places: [
          { connector: "yen", symbol: "BTC/JPY", quantity: "0.5" },
          { connector: "other", symbol: null, quantity: "0.2" },
        ],
      },
    ];
    const { text } = await workspace.snapshots.write(
      {
        ...{ time: "2026-07-01T16:00:00.000Z", currency: "EUR", nav: "1000", cash: "900" },
        buyingPower: "5",
        ...{ accounts: [account], connectors: ["yen"], stale: [], positions: [], exposures },
        fees: [{ amount: "0.08", currency: "BNB" }],
        rates: [],
        profit: [
          { currency: "EUR", realized: "93", unrealized: "7" },
          { currency: "JPY", realized: "1", unrealized: "2" },
        ],
      },
      2,
    );
    expect(text).not.toContain("_usd");
    expect(text).toMatch(
      /currency = "EUR"\nnav = "1000"\ncash = "900"\nbuying_power = "5"\nrealized_pnl = "93"\nunrealized_pnl = "7"/,
    );
    expect(text).toContain('fees = ["0.08 BNB"]');
    expect(text).toContain('[[account.balance]]\ncurrency = "EUR"\ntotal = "12.5"\nbuying_power = "10"\n');
    expect(text).toContain(
      'buying_power = "400"\nsettled_cash = "380"\nmargin_used = "20.5"\nas_of = "2026-07-01T15:59:00.000Z"\n',
    );
    expect(text).toContain('[[exposure]]\nasset = "crypto:BTC"\nmode = "paper"\nquantity = "0.7"\nvalue = "42000"\n');
    expect(text).toContain('places = ["yen BTC/JPY 0.5", "other balance 0.2"]');
    expect(text).toContain('unconverted = ["yen: JPY"]');
    expect(text).toContain('[[profit]]\ncurrency = "JPY"\nrealized_pnl = "1"');
    expect(await workspace.snapshots.list()).toMatchObject([{ currency: "EUR", nav: "1000", cash: "900" }]);
  });
});
