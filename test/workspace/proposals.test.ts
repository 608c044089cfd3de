/** Proposal files: what people and agents may write, and what is refused by name, with nothing lost. */
import * as fc from "fast-check";
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { readProposal } from "../../src/domain/orders/proposal.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { parseProposalFile, renderProposal } from "../../src/workspace/proposal-file.ts";
import { OrderFolders } from "../../src/workspace/order-folders.ts";
import { PROPOSAL_FILES_MAX, ProposalStore } from "../../src/workspace/proposals.ts";

const disk = nodeDisk();
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "qoc-proposals-"));
  mkdirSync(`${root}/orders/pending`, { recursive: true });
  mkdirSync(`${root}/orders/proposed`, { recursive: true });
});

/** A bomb that is expanded takes minutes; what is refused takes milliseconds of processor time. */
const CPU_US_MAX = 2_000_000;
const GOOD = 'side = "buy"\nsymbol = "SPX"\nquantity = 10\ntype = "limit"\nlimit_price = 3000\n';
function put(name: string, content: string | Uint8Array, folder = "pending"): void {
  return writeFileSync(`${root}/orders/${folder}/${name}`, content);
}
function store(): ProposalStore {
  return new ProposalStore({ disk, root, clock: { now: Date.now } });
}
function look() {
  return store().list();
}
async function only() {
  return (await look())[0];
}

it("a file that is moved away while the folder is read is not a proposal with an error", async () => {
  put("a.toml", GOOD);
  put("b.toml", GOOD);
  const facts = async (path: string) => (path.endsWith("a.toml") ? undefined : disk.facts(path));
  const readSmall = (path: string, most: number) => (path.endsWith("a.toml") ? "absent" : disk.readSmall(path, most));
  const moving = new ProposalStore({ disk: { ...disk, facts, readSmall }, root, clock: { now: Date.now } });
  expect(await moving.list()).toMatchObject([{ kind: "ok", id: "b" }]);
  expect(await moving.find("a", "orders/pending/a.toml")).toBeUndefined();
});

it("of thousands of files the first thousand are read, and those that were read before stay among them", async () => {
  const proposals = store();
  const read = async (): Promise<readonly string[]> =>
    (await proposals.list()).flatMap(({ kind, id }) => (kind === "ok" ? [id] : []));
  put("z.toml", GOOD);
  expect(await read()).toEqual(["z"]);
  for (let n = 1; n <= PROPOSAL_FILES_MAX; n++) put(`${10_000 + n}.toml`, GOOD);
  const last = `${10_000 + PROPOSAL_FILES_MAX}`;
  const first = await read();
  expect(first).toHaveLength(PROPOSAL_FILES_MAX);
  expect(first).toContain("z");
  expect((await proposals.list()).filter(({ kind }) => kind === "bad")).toEqual([
    {
      kind: "bad",
      id: last,
      path: `orders/pending/${last}.toml`,
      message: `is not read: more than ${PROPOSAL_FILES_MAX} proposals wait; decide or remove others`,
    },
  ]);
  expect(await proposals.find(last)).toMatchObject({ kind: "ok" });
  rmSync(`${root}/orders/pending/z.toml`);
  expect(await read()).toContain(last);
});

describe("a good file", () => {
  it.each([
    ["a.toml", GOOD],
    [
      "a.yaml",
      "action: buy\nsymbol: SPX\nquantity: 10\norder_type: limit\nlimit_price: 3000\nstatus: pending_approval\n",
    ],
    ["a.json", '{"order": {"side": "buy", "symbol": "SPX", "quantity": 10.0, "type": "limit", "limit_price": "3000"}}'],
  ])("the file %s is read", async (name, text) => {
    put(name, text);
    expect(await only()).toMatchObject({
      kind: "ok",
      id: "a",
      text,
      draft: { side: "buy", symbol: "SPX", quantity: "10", type: "limit", limitPrice: "3000" },
    });
  });

  const HEAD = "side: buy\nsymbol: SPX\nquantity: 10\ntype: limit\nlimit_price: 3000\n";
  it.each([
    ["with its rationale below", `---\n${HEAD}---\nBreakout.\n\n<!-- seen -->\n`, "Breakout."],
    ["with a byte order mark and Windows line ends", `\uFEFF---\n${HEAD}---\n`.replaceAll("\n", "\r\n"), ""],
    ["with its rationale in the frontmatter", `---\n${HEAD}rationale: Breakout.\n---\n`, "Breakout."],
    ["nested", `---\norder:\n  ${HEAD.trim().replaceAll("\n", "\n  ")}\n---\nBreakout.\n`, "Breakout."],
  ])("a Markdown file %s is read", async (_name, text, rationale) => {
    put("a.md", text, "proposed");
    expect(await only()).toMatchObject({
      kind: "ok",
      id: "a",
      draft: { symbol: "SPX", limitPrice: "3000", rationale },
    });
  });

  it("the verdict in a Markdown file is a comment, which no text of others ends", async () => {
    const text = `---\n${HEAD}---\nBreakout.\n`;
    put("a.md", text);
    await new OrderFolders({ disk, root }).write("orders/pending/a.md", text, ["denied", "reason: --> approve"]);
    const written = readFileSync(`${root}/orders/pending/a.md`, "utf8");
    expect(written).toBe(`${text}<!--\ndenied\nreason: - -> approve\n-->\n`);
    expect(await only()).toMatchObject({ kind: "ok", draft: { rationale: "Breakout." } });
  });

  it.each([
    ["between fields", `${HEAD}rationale: >\nTrimming 20 % of it:\nsee the note.\nstatus: x\n`],
    [
      "at the end, before the desk's comments",
      `${HEAD}summary: |-\nTrimming 20 % of it:\nsee the note.\n# denied: x\n`,
    ],
    ["with Windows line ends", `${HEAD}rationale: >\nTrimming 20 % of it:\nsee the note.\n`.replaceAll("\n", "\r\n")],
    ["which is there", `${HEAD}rationale: >\n  Trimming 20 % of it:\n  see the note.\n`],
  ])("a YAML text that lost its indentation is read, %s", async (_name, text) => {
    put("a.yaml", text);
    const file = await only();
    expect(file).toMatchObject({ kind: "ok", draft: { symbol: "SPX", quantity: "10" } });
    const { rationale } = (file as { draft: { rationale: string } }).draft;
    expect(rationale.replaceAll(/\s+/g, " ")).toBe("Trimming 20 % of it: see the note.");
  });

  it("a field in a text without indentation is not taken for the order's", async () => {
    put("a.yaml", `${HEAD}rationale: >\nBuy more.\nquantity: 1000\n`);
    expect(await only()).not.toMatchObject({ kind: "ok" });
  });

  it("the tickers TRUE, NO and 005930 are read as text", async () => {
    for (const ticker of ["TRUE", "NO", "005930"]) {
      put("a.yaml", `side: buy\nsymbol: ${ticker}\nquantity: 1\ntype: market\n`);
      expect(await only()).toMatchObject({ kind: "ok", draft: { symbol: ticker } });
    }
  });
});

describe("a bad file is listed with what is wrong", () => {
  const toml = (changes: Record<string, string | undefined>): string =>
    Object.entries({ side: '"buy"', symbol: '"SPX"', quantity: "10", type: '"limit"', limit_price: "3000", ...changes })
      .flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]))
      .join("\n");
  it.each([
    ["no quantity", toml({ quantity: undefined }), "quantity is missing"],
    ["negative", toml({ quantity: "-1" }), "quantity must be above zero"],
    ["zero", toml({ quantity: "0" }), "quantity must be above zero"],
    ["NaN", toml({ quantity: "nan" }), "not a finite number"],
    ["1e400", toml({ quantity: "1e400" }), "quantity"],
    ["1e400 quoted", toml({ quantity: '"1e400"' }), "quantity"],
    ["30 digits", toml({ quantity: "123456789012345678901234567890" }), "not valid TOML"],
    ["17 digits bare", toml({ quantity: "1.2345678901234567" }), "quote it"],
    ["hexadecimal text", toml({ quantity: '"0x10"' }), "not a decimal number"],
    ["look-alike letters", toml({ symbol: '"ААPL"' }), "U+0410"],
    ["unknown field", toml({ stop_loss: "1" }), 'unknown field "stop_loss"'],
    ["limit without price", toml({ limit_price: undefined }), "needs limit_price"],
    ["market with price", toml({ type: '"market"' }), "has no limit_price"],
    ["both names of a field", toml({ action: '"buy"' }), "are the same field"],
    ["not TOML", "side = = 1", "line 1, column"],
  ])("a file is listed with its problem: %s", async (_name, text, words) => {
    put("a.toml", text);
    const file = await only();
    expect(file).toMatchObject({
      kind: "bad",
      id: "a",
      path: "orders/pending/a.toml",
      message: expect.stringContaining(words),
    });
    expect(readFileSync(`${root}/orders/pending/a.toml`, "utf8")).toBe(text);
  });

  it.each([
    ["a second document", "---\nquantity: 99\n"],
    ["text after the end of the document", "...\nquantity: 99\n"],
    ["a key __proto__", "__proto__:\n  quantity: 99\n"],
    ["a key constructor", "constructor: x\n"],
    ["a quantity below rationale", "rationale:\n  summary: x\n  limit_price: 1\n"],
    ["a side below rationale", "rationale:\n  side: sell\n"],
    ["a key __proto__ below rationale", "rationale:\n  __proto__: x\n"],
  ])("a YAML file is refused that has %s", async (_name, more) => {
    put("a.yaml", `side: buy\nsymbol: SPX\nquantity: 1\ntype: market\n${more}`);
    expect(await only()).toMatchObject({ kind: "bad", id: "a" });
  });

  it.each(['__proto__ = { quantity = "99" }', '"__proto__" = 1', "constructor = 1", '[rationale]\nquantity = "9"'])(
    "a TOML file is refused that has %s",
    async (more) => {
      put("a.toml", `side = "buy"\nsymbol = "SPX"\ntype = "market"\n${more}\n`);
      expect(await only()).toMatchObject({ kind: "bad", id: "a" });
      put("a.toml", `side = "buy"\nsymbol = "SPX"\ntype = "market"\nquantity = "1"\n${more}\n`);
      expect(await only()).toMatchObject({ kind: "bad", id: "a" });
    },
  );

  it.each([
    ["without frontmatter", "buy 10 SPX", "has no frontmatter"],
    ["with two rationales", "---\nside: buy\nrationale: x\n---\ny\n", "keep one"],
    ["with frontmatter that is no table", "---\n- x\n---\n", "is not a table of fields"],
  ])("a Markdown file %s", async (_name, text, message) => {
    put("a.md", text);
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining(message) as string });
  });

  it("a JSON file with a key __proto__ is refused", async () => {
    put("a.json", '{"side":"buy","symbol":"SPX","quantity":"1","type":"market","__proto__":{"quantity":"99"}}');
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining("__proto__ is not allowed") });
  });

  it("a file of 70 KiB is listed as too large", async () => {
    put("a.toml", `${GOOD}# ${"x".repeat(70 * 1024)}`);
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining("the limit is 65536") });
  });

  it("a YAML alias bomb is listed with its problem", async () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) =>
        `l${i + 1}: &l${i + 1} [${Array(9)
          .fill(i === 0 ? "x" : `*l${i}`)
          .join(", ")}]`,
    );
    put("a.yaml", `l0: &l0 x\n${levels.join("\n")}\n`);
    const started = process.cpuUsage();
    expect((await only())?.kind).toBe("bad");
    expect(process.cpuUsage(started).user).toBeLessThan(CPU_US_MAX);
  });

  it.each([
    ["toml", `x = ${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["yaml", "[".repeat(20_000)],
    ["json", `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`],
    ["yml", "- ".repeat(30_000)],
  ])("a %s nesting bomb is listed with its problem", async (end, text) => {
    put(`a.${end}`, text);
    expect((await only())?.kind).toBe("bad");
  });

  const lines = (line: (n: number) => string): string => {
    let text = "";
    for (let n = 0; text.length < 60 * 1024; n++) text += `${line(n)}\n`;
    return text;
  };
  it.each([
    ["keys", lines((n) => `k${n}: x`)],
    ["one key again and again", lines(() => "k: x")],
    ["empty items", `a:\n${lines(() => "-")}`],
    ["a list", `a: [${"x,".repeat(30_000)}]`],
    ["comments", lines(() => "#")],
    ["mistakes", lines(() => "%")],
  ])("60 KiB of YAML %s are listed with their problem without a long parse", async (_what, text) => {
    put("a.yaml", text);
    const started = process.cpuUsage();
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining("more than 4000 parts") });
    expect(process.cpuUsage(started).user).toBeLessThan(CPU_US_MAX);
  });

  it("a YAML file with a duplicate key is listed with its problem", async () => {
    put("a.yaml", "side: buy\nsymbol: SPX\nside: sell\n");
    const message = "not valid YAML at line 3: a field is there twice; keep one";
    expect(await only()).toMatchObject({ kind: "bad", message });
  });

  it.each([
    ["a.yaml", "side: buy\nrationale: a: b\n", 'line 2: a text that contains ": " needs quotes'],
    ["a.yaml", "side: buy\nsymbol SPX\nquantity: 1\n", 'line 2: it is no field; write "key: value"'],
    ["a.yaml", "side: buy\n\tsymbol: x\n", "line 2: it is indented with a tab"],
    ["a.yaml", 'side: "buy\nsymbol: x\n', "line 3: a quote before it is not closed"],
    ["a.yaml", "side: @buy\n", "line 1: a text that begins with a special character needs quotes"],
    ["a.yaml", "side: buy\n---\nside: sell\n", "line 2: a second document begins with ---"],
    ["a.yaml", "- a\nb: c\n", "line 2: it has something that does not belong there"],
    ["a.md", "---\nside: buy\nrationale: a: b\n---\ntext\n", 'line 3: a text that contains ": " needs quotes'],
    ["a.md", "---\r\nside: buy\r\nsymbol SPX\r\nquantity: 1\r\n---\r\n", "line 3: it is no field"],
  ])("the YAML of %s, %j, is listed with its line in plain words", async (name, text, words) => {
    put(name, text);
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining(`not valid YAML at ${words}`) });
  });

  it("JSON that cannot be read is called JSON", async () => {
    put("a.json", '{ "side": ');
    const message = "not valid JSON at line 1: a bracket before it is not closed";
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining(message) });
  });

  it.each([
    ["a.toml", 'side = "buy\nsymbol = "SPX"\n', "line 1, column 12: not valid TOML: a text has no closing quote"],
    ["a.toml", " \n", "is empty"],
    ["a.yaml", "", "is empty"],
    ["note.txt", "buy SPX", "is not read: a proposal's name ends in .toml, .yaml, .yml, .json, .md"],
    ["order", GOOD, "is not read"],
  ])("the file %s with the text %j is listed with its problem", async (name, text, words) => {
    put(name, text);
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining(words) });
  });

  it("the head of a file that the desk writes stays true when the order has ended", async () => {
    const [draft] = [readProposal({ side: "buy", symbol: "SPX", quantity: "1", type: "market" }, "")];
    const { text } = await store().create(draft, "20260705", () => false);
    expect(text.split("\n")[0]).toBe("# Proposed by a human; nothing is sent before a human approves it.");
  });

  it("files that an editor keeps beside a proposal are no proposals", async () => {
    for (const name of [".a.toml.swp", "a.toml~", "#a.toml#", "a.tmp", ".keep"]) put(name, "x");
    expect(await look()).toEqual([]);
  });

  it("a YAML alias is refused in plain words", async () => {
    put("a.yaml", "side: *buy\n");
    const message = "not valid YAML: has an alias; a text that begins with * needs quotes";
    expect(await only()).toMatchObject({ kind: "bad", message });
  });

  it("a binary file and a file that is not UTF-8 are listed with their problem", async () => {
    put("a.toml", new Uint8Array([0, 1, 2, 3]));
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining("binary") });
    put("a.toml", new Uint8Array([0xff, 0xfe, 0x41]));
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining("UTF-8") });
  });

  it("a symlink, a hard link and a FIFO are listed with their problem", async () => {
    writeFileSync(`${root}/secret.toml`, GOOD);
    symlinkSync(`${root}/secret.toml`, `${root}/orders/pending/link.toml`);
    linkSync(`${root}/secret.toml`, `${root}/orders/pending/hard.toml`);
    execFileSync("mkfifo", [`${root}/orders/pending/pipe.toml`]);
    const files = await look();
    expect(files.map((file) => [file.id, file.kind])).toEqual([
      ["hard", "bad"],
      ["link", "bad"],
      ["pipe", "bad"],
    ]);
  });

  it("a single file is read at once, and what is wrong with it is said as in the list", async () => {
    writeFileSync(`${root}/secret.toml`, GOOD);
    symlinkSync(`${root}/secret.toml`, `${root}/orders/pending/link.toml`);
    linkSync(`${root}/secret.toml`, `${root}/orders/pending/hard.toml`);
    execFileSync("mkfifo", [`${root}/orders/pending/pipe.toml`]);
    mkdirSync(`${root}/orders/pending/folder.toml`);
    put("large.toml", `# ${"x".repeat(70 * 1024)}\n${GOOD}`);
    const proposals = store();
    for (const listed of await proposals.list())
      expect(await proposals.find(listed.id, listed.path), listed.path).toEqual(listed);
    expect(await proposals.find("folder", "orders/pending/folder.toml")).toBeUndefined();
  });

  it("a file with the same stem is found, however many files are beside them", async () => {
    put("a.toml", GOOD);
    for (let n = 0; n < 300; n++) put(`other-${n}.txt`, "");
    put("A.yaml", "side: buy\n", "proposed");
    const find = () => store().find("a", "orders/pending/a.toml");
    expect(await find()).toMatchObject({ kind: "duplicate", others: ["orders/proposed/A.yaml"] });
    rmSync(`${root}/orders/proposed/A.yaml`);
    expect(await find()).toMatchObject({ kind: "ok", text: GOOD });
  });

  it("of two files with the same stem neither can be approved", async () => {
    put("a.toml", GOOD);
    put("A.yaml", "side: buy\n", "proposed");
    expect((await look()).map((file) => file.kind)).toEqual(["duplicate", "duplicate"]);
  });
});

describe("a file that stays as it is", () => {
  it("is parsed again if one byte of it has changed, also where its size and its times are the same", async () => {
    const proposals = store();
    const found = async (text: string) => {
      put("a.toml", text);
      utimesSync(`${root}/orders/pending/a.toml`, 1, 1);
      return proposals.find("a", "orders/pending/a.toml");
    };
    const first = await found(GOOD);
    expect(await found(GOOD)).toBe(first);
    expect(await found(GOOD.replace("10", "11"))).toMatchObject({ kind: "ok", draft: { quantity: "11" } });
    expect(await found(GOOD.replace('"buy"', '"bug"'))).toMatchObject({ kind: "bad" });
  });

  it("a proposal is read once, until it changes or a file with its stem appears or disappears", async () => {
    const reads: string[] = [];
    const counting = {
      ...disk,
      read: (path: string, limit?: number) => (reads.push(path.slice(root.length + 1)), disk.read(path, limit)),
    };
    // As if every file had been left alone for a minute.
    const proposals = new ProposalStore({ disk: counting, root, clock: { now: () => Date.now() + 60_000 } });
    put("a.toml", GOOD);
    put("b.toml", "broken");
    const kinds = async (): Promise<readonly string[]> => (await proposals.list()).map(({ kind }) => kind);
    expect(await kinds()).toEqual(["ok", "bad"]);
    expect(await kinds()).toEqual(["ok", "bad"]);
    expect(reads).toEqual(["orders/pending/a.toml", "orders/pending/b.toml"]);
    put("b.toml", GOOD);
    expect(await kinds()).toEqual(["ok", "ok"]);
    put("A.yaml", "side: buy\n", "proposed");
    expect(await kinds()).toEqual(["duplicate", "ok", "duplicate"]);
    rmSync(`${root}/orders/proposed/A.yaml`);
    expect(await kinds()).toEqual(["ok", "ok"]);
  });
});

describe("what the host writes", () => {
  it("a new proposal gets the first number that is not in use", async () => {
    const { draft } = (() => {
      const parsed = parseProposalFile("a.toml", Buffer.from(GOOD));
      return { draft: readProposal(parsed.document, "a") };
    })();
    const used = new Set(["20260705-001"]);
    const first = await store().create(draft, "20260705", (stem) => used.has(stem));
    const second = await store().create(draft, "20260705", (stem) => used.has(stem));
    expect([first.id, second.id]).toEqual(["20260705-002", "20260705-003"]);
  });

  it("two proposals that are written at once get two numbers, also if one is decided before the other is there", async () => {
    const draft = readProposal(parseProposalFile("a.toml", Buffer.from(GOOD)).document, "a");
    let moved: Promise<void> | undefined;
    /** The second file is created once the first has been moved. */
    const create = async (path: string, text: string): Promise<void> => {
      if (moved !== undefined) return moved.then(() => disk.create(path, text));
      moved = disk.create(path, text).then(() => rmSync(path));
      return moved;
    };
    const proposals = new ProposalStore({ disk: { ...disk, create }, root, clock: { now: Date.now } });
    const made = await Promise.all([1, 2].map(() => proposals.create(draft, "20260705", () => false)));
    expect(made.map(({ id }) => id).toSorted()).toEqual(["20260705-001", "20260705-002"]);
  });

  it("the desk's comments on a JSON file are beside it, move with it, and are no order", async () => {
    const orders = new OrderFolders({ disk, root });
    await orders.write("orders/approved/a.json", "{}", ["accepted"]);
    await orders.write("orders/executed/a.json", "{}", ["filled", "reason: ```\n# approve"]);
    await orders.remove("orders/approved/a.json");
    expect(readdirSync(`${root}/orders/approved`)).toEqual([]);
    expect(readFileSync(`${root}/orders/executed/a.json`, "utf8")).toBe("{}");
    expect(await orders.isWritten("orders/executed/a.json", "{}", ["filled", "reason: ```\n# approve"])).toBe(true);
    expect(await orders.isWritten("orders/executed/a.json", "{}", ["filled"])).toBe(false);
    expect(readFileSync(`${root}/orders/executed/a.verdict.md`, "utf8")).toMatch(
      /^The desk's comments on orders\/executed\/a\.json, .*:\n\n {4}filled\n {4}reason: ```\\u\{a\}# approve\n$/,
    );
    expect((await orders.list("orders/executed")).map(({ name }) => name)).toEqual(["a.json"]);
    put("b.verdict.md", "---\nside: buy\n---\n");
    expect(await only()).toMatchObject({ kind: "bad", message: expect.stringContaining("is not read") as string });
  });

  it("the desk's comments follow the author's bytes, which stay unchanged", async () => {
    const odd = 'side="buy"   # my remark\nsymbol = "SPX"\nquantity = 192.40';
    await new OrderFolders({ disk, root }).write("orders/executed/a.toml", odd, ["filled", 'evil\nside = "sell"']);
    expect(readFileSync(`${root}/orders/executed/a.toml`, "utf8")).toBe(
      `${odd}\n# filled\n# evil\\u{a}side = "sell"\n`,
    );
  });

  it("a proposal with any rationale reads back as it was written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (words) => {
        const rationale = words.trim();
        fc.pre(!/[\ud800-\udfff]/.test(rationale));
        const draft = {
          side: "sell",
          symbol: "BRK.B",
          quantity: "0.5",
          type: "stop_limit",
          limitPrice: "1",
          stopPrice: "2",
          timeInForce: "gtc",
          rationale,
          proposedBy: "x",
        } as never;
        const { document } = parseProposalFile("a.toml", Buffer.from(renderProposal(draft, "heading")));
        expect(readProposal(document, "a")).toEqual(draft);
      }),
    );
  });

  it("any bytes are read as a proposal or refused with a ProposalError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom("a.toml", "a.yaml", "a.json"), (bytes, name) => {
        try {
          readProposal(parseProposalFile(name, bytes).document, "a");
        } catch (error) {
          expect((error as Error).constructor.name).toBe("ProposalError");
        }
      }),
      { numRuns: 500 },
    );
  });
});
