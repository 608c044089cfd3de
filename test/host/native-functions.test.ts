/**
 * Functions of the runtime whose native code trusts its callers, in the realm of an adapter. In a process, so that what
 * ends it does not end the test. The attacks C51 to C59 show that they are refused; here is what still works.
 */
import { StringDecoder } from "node:string_decoder";
import { describe, expect, it } from "vitest";
import { adapterRealm } from "../support/adapter-realm.ts";

const HEAD = `// @ts-nocheck
import buffer from "node:buffer"; import crypto from "node:crypto"; import events from "node:events"; import url from "node:url"; import { StringDecoder } from "node:string_decoder"; import * as timers from "node:timers/promises";`;

const run = adapterRealm(HEAD);

/** The results of the same text in this process, which has no guards. */
async function expectSame(body: string): Promise<void> {
  const AsyncFunction = (async () => undefined).constructor as new (
    ...args: string[]
  ) => (decoder: typeof StringDecoder) => Promise<unknown>;
  const expected = await new AsyncFunction("StringDecoder", body)(StringDecoder);
  expect(await run(body)).toEqual(expected);
}

const ATTEMPT = `const results = []; const attempt = (run) => { try { results.push(run()); } catch (error) { results.push([error.name, error.code ?? null]); } };`;

describe("an adapter", () => {
  it("has the methods of Buffer as they are", () =>
    expectSame(`${ATTEMPT}
      const text = "h€llo wörld ".repeat(20), list = Buffer.from(text), bytes = new Uint8Array(list), empty = Buffer.alloc(0);
      for (const encoding of [undefined, "utf8", "ucs2", "latin1", "ascii", "hex", "base64", "base64url", "none"]) {
        for (const range of [[], [3], [3, 9], [-1, 1e9], ["2", "7"], [2.7, null]]) attempt(() => list.toString(encoding, ...range));
        for (const args of [["abc€"], ["6162", 3], ["YWJj", 1, 2], ["abc", 500], [5]]) attempt(() => { const into = Buffer.alloc(16, 1); return [into.write(...args, ...(encoding === undefined ? [] : [encoding])), into.toString("hex")]; });
        attempt(() => Buffer.from("616263", encoding).toString("hex"));
        attempt(() => list.indexOf("wörld", 8, encoding));
      }
      for (const name of ["utf8Slice", "latin1Slice", "hexSlice", "ucs2Slice", "base64Slice"]) { attempt(() => list[name]()); attempt(() => list[name](2, "8")); attempt(() => list[name](5, 1e9)); attempt(() => list[name].call({}, 1)); }
      for (const name of ["utf8Write", "latin1Write", "hexWrite"]) { attempt(() => Buffer.alloc(9)[name]("6162", 2)); attempt(() => Buffer.alloc(9)[name]("6162", 2, 1)); attempt(() => Buffer.alloc(9)[name](7)); }
      for (const args of [[7], ["ab"], ["é", "latin1"], [bytes, 1], ["x", 2, 4], [true], [{}], [300, 1, 2], ["", 1], [empty], [1, 99]]) attempt(() => { const into = Buffer.alloc(6); return [into.fill(...args) === into, into.toString("hex")]; });
      for (const args of [[bytes], [bytes, 4], [bytes, 4, 2], [bytes, 0, 3, 9], [bytes, 1e9], [bytes, 0, 1e9], [5], []]) attempt(() => Buffer.from(text).copy(...args));
      for (const args of [["l", 4], [0x6c], [bytes.subarray(3, 5)], ["l", -3], ["zz"], [{}], [null]]) { attempt(() => list.indexOf(...args)); attempt(() => list.lastIndexOf(...args)); attempt(() => list.includes(...args)); }
      attempt(() => list.compare(bytes)); attempt(() => list.compare(bytes, 1, 3, 1, 3)); attempt(() => list.compare(bytes, 1, 1e9)); attempt(() => list.equals(bytes)); attempt(() => Buffer.compare(list, empty));
      for (const name of ["swap16", "swap32", "swap64"]) { attempt(() => Buffer.from("0123456789abcdef").toString("latin1")); attempt(() => { const into = Buffer.from("01234567".repeat(30)); return [into[name]() === into, into.toString()]; }); attempt(() => Buffer.from("012")[name]()); }
      for (const args of [[[list, bytes]], [[]], [[], 4], [[list], 3], [[list], 400], [[list, "x"]], ["x"], [[list], -1], [[list], 1.5], [[empty]]]) attempt(() => { const joined = Buffer.concat(...args); return [Buffer.isBuffer(joined), joined.toString("hex")]; });
      attempt(() => JSON.stringify(Buffer.from("ab"))); attempt(() => String(list)); attempt(() => list.toLocaleString()); attempt(() => [...list.subarray(0, 3)]); attempt(() => Buffer.from(bytes.buffer, 2, 3).toString("hex"));
      return results;`));

  it("has decoders as they are, in parts and with their errors", () =>
    expectSame(`${ATTEMPT}
      const bytes = Buffer.from("a€😀é"), wide = Buffer.from("a€😀", "utf16le");
      for (const encoding of [undefined, "utf8", "UTF-8", "utf16le", "ucs2", "latin1", "binary", "ascii", "hex", "base64", "base64url", "none"]) {
        attempt(() => { const decoder = new StringDecoder(encoding); const parts = []; for (const byte of bytes) parts.push(decoder.write(Buffer.from([byte])), decoder.lastNeed, decoder.lastTotal, Buffer.from(decoder.lastChar).toString("hex")); return [...parts, decoder.end(), decoder.encoding]; });
        attempt(() => { const decoder = new StringDecoder(encoding); decoder.write(bytes.subarray(0, 2)); return [decoder.text(bytes, 1), decoder.end(bytes.subarray(0, 3)), decoder.end()]; });
      }
      attempt(() => new StringDecoder().write("text")); attempt(() => new StringDecoder().write(5)); attempt(() => new StringDecoder().write(new DataView(bytes.buffer, bytes.byteOffset, 4)));
      attempt(() => { class Own extends StringDecoder { write(part) { return "<" + super.write(part) + ">"; } } return new Own("utf8").end(bytes); });
      for (const options of [undefined, { fatal: true }, { ignoreBOM: true }]) for (const label of [undefined, "utf-8", "utf-16le", "latin1", "shift_jis", "none"]) {
        attempt(() => { const decoder = new TextDecoder(label, options); const parts = []; for (const byte of Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])) parts.push(decoder.decode(Buffer.from([byte]), { stream: true })); return [...parts, decoder.decode(), decoder.encoding, decoder.fatal, decoder.ignoreBOM]; });
        attempt(() => new TextDecoder(label, options).decode(wide)); attempt(() => new TextDecoder(label, options).decode(new Uint8Array([0xff, 0xfe, 0xff]).buffer));
      }
      attempt(() => new TextDecoder().decode(5)); attempt(() => new TextDecoder().decode(bytes, 5)); attempt(() => TextDecoder.prototype.decode.call({}, bytes));
      return results;`));

  it("reads streams of bytes, also in two branches, and ends both", () =>
    expectSame(`
      const chunk = (text) => new TextEncoder().encode(text), parts = ["ab", "cd", "ef"];
      const stream = () => { const left = [...parts]; return new ReadableStream({ type: "bytes", pull(controller) { const part = left.shift(); if (part === undefined) controller.close(); else controller.enqueue(chunk(part)); } }); };
      const textOf = async (from) => { let text = ""; for await (const part of from) text += Buffer.from(part).toString(); return text; };
      const [one, two] = stream().tee(), response = new Response("whole"), copy = response.clone();
      const failing = new ReadableStream({ pull() { throw new RangeError("no"); } }).tee().map((branch) => textOf(branch).catch((error) => error.name));
      let cancelled = null; const [left, right] = new ReadableStream({ cancel(reason) { cancelled = reason; } }).tee();
      const cancelling = left.cancel("a"); await right.cancel("b"); await cancelling;
      const used = chunk("xy"); new ReadableStream({ type: "bytes", start: (controller) => controller.enqueue(used) });
      return [await textOf(stream()), await textOf(one), await textOf(two), await response.text(), await copy.text(), await new Response(stream()).text(), await new Blob(["blob"]).text(), await textOf(new Blob(["blob"]).stream()), await Promise.all(failing), cancelled, used.length, await textOf(stream().pipeThrough(new TextDecoderStream()))];`));

  it("gets from crypto, blobs and clones no byte that a list does not have, whatever length it states", async () => {
    const results = (await run(`
      const { subtle } = crypto.webcrypto, { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
      const hex = (bytes) => Buffer.from(bytes).toString("hex"), zeros = (count) => Buffer.alloc(count);
      const calls = {
        hash: (list) => crypto.createHash("sha256").update(list).digest("hex"),
        "hash at once": (list) => crypto.hash?.("sha256", list),
        hmac: (list) => crypto.createHmac("sha256", list).update(list).digest("hex"),
        "secret key": (list) => crypto.createSecretKey(list).export().toString("hex"),
        comparison: (list) => crypto.timingSafeEqual(list, Buffer.alloc(32, 7)),
        scrypt: (list) => crypto.scryptSync(list, list, 16).toString("hex"),
        pbkdf2: (list) => crypto.pbkdf2Sync(list, list, 1, 16, "sha1").toString("hex"),
        hkdf: (list) => hex(crypto.hkdfSync("sha256", list, list, list, 16)),
        "cipher key": (list) => crypto.createCipheriv("aes-256-ctr", list, zeros(16)).update("x", "utf8", "hex"),
        cipher: (list) => crypto.createCipheriv("aes-256-ctr", zeros(32), zeros(16)).update(list).toString("hex"),
        "other data": (list) => { const cipher = crypto.createCipheriv("aes-256-gcm", zeros(32), zeros(12)); cipher.setAAD(list); cipher.final(); return cipher.getAuthTag().toString("hex"); },
        signature: (list) => crypto.sign(null, list, privateKey).length + ":" + crypto.verify(null, list, publicKey, crypto.sign(null, Buffer.alloc(32, 7), privateKey)),
        prime: (list) => crypto.checkPrimeSync(list),
        digest: async (list) => hex(await subtle.digest("SHA-256", list)),
        "imported key": async (list) => hex(await subtle.exportKey("raw", await subtle.importKey("raw", list, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]))),
        derived: async (list) => hex(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: list, info: list }, await subtle.importKey("raw", list, "HKDF", false, ["deriveBits"]), 128)),
        blob: async (list) => hex(await new Blob([list]).arrayBuffer()),
        "part of a blob": async (list) => hex(await new Blob([list]).slice(0, 4_096).arrayBuffer()),
        clone: (list) => hex(structuredClone(list)),
        text: (list) => new TextDecoder().decode(list),
      };
      const attempt = async (call, list) => { try { return String(await call(list)); } catch (error) { return error; } };
      const results = [];
      for (const [name, call] of Object.entries(calls)) for (const stated of [0, 1, 1_048_576]) {
        const [list, other] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(7)];
        for (const member of ["length", "byteLength"]) Object.defineProperty(other, member, { value: stated });
        const [own, got] = [await attempt(call, list), await attempt(call, other)];
        results.push([name, stated, own instanceof Error ? "refused: " + own : got instanceof Error || own.startsWith(got) ? "same" : own + " and " + got]);
      }
      return results;`)) as readonly (readonly [string, number, string])[];
    expect(results).toHaveLength(60);
    expect(results.filter(([, , result]) => result !== "same")).toEqual([]);
  });

  it("reads no memory that a list does not have, by the length that it states or while its memory moves", async () => {
    const result = (await run(`${ATTEMPT}
      const list = Buffer.from(new ArrayBuffer(64)), other = Buffer.alloc(4_096);
      for (const name of ["length", "byteLength"]) Object.defineProperty(list, name, { value: 1e9 });
      for (const args of [[other, 0, 64, 128], [other, 0, 1_000, 2_000]]) attempt(() => list.copy(...args));
      attempt(() => Buffer.concat([list]).length); attempt(() => other.copy(list, 60));
      for (const name of ["latin1Slice", "utf8Slice", "fill", "toString"]) attempt(() => {
        const memory = new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 }), moving = Buffer.from(memory), place = { valueOf() { memory.resize(0); return 0; } };
        return String(moving[name](...(name === "toString" ? ["latin1"] : []), place)).length;
      });
      return results;`)) as readonly unknown[];
    // Node 20 refuses to fill memory that has moved, and later versions fill none.
    const filled = process.version.startsWith("v20.") ? ["TypeError", null] : 0;
    expect(result).toEqual([0, ["RangeError", "ERR_OUT_OF_RANGE"], 64, 4, 0, 0, filled, 0]);
  });

  it("gets no memory that was not cleared, in which secrets of another thread may be", async () => {
    const result = await run(`
      Buffer.poolSize = 8_192;
      const lists = [buffer.SlowBuffer?.(9_000) ?? Buffer.alloc(1), ...[1, 100, 9_000].flatMap((size) => [Buffer.allocUnsafe(size), Buffer.allocUnsafeSlow(size)])];
      const short = [Buffer.from("abc"), Buffer.from([1, 2]), Buffer.from("YWI=", "base64"), Buffer.concat([Buffer.from("a")]), Buffer.allocUnsafe(3)];
      return [lists.some((list) => list.some((byte) => byte !== 0)), ...short.map((list) => list.buffer.byteLength - list.length)];`);
    expect(result).toEqual([false, 0, 0, 0, 0, 0]);
  });

  it("decodes with a state and a native object that it cannot replace", async () => {
    const result = await run(`
      const decoder = new StringDecoder("utf8"), text = new TextDecoder("utf-16le"), bytes = Buffer.from("é");
      for (const key of [...Object.getOwnPropertySymbols(decoder), ...Object.getOwnPropertySymbols(StringDecoder.prototype)]) { decoder[key][4] = 4; decoder[key][5] = 200; decoder[key] = Buffer.alloc(0); }
      for (const key of Object.getOwnPropertySymbols(text)) if (String(key) === "Symbol(handle)") text[key] = {};
      return [decoder.write(bytes.subarray(0, 1)), decoder.end(bytes.subarray(1)), text.decode(Buffer.from("é", "utf16le"))];`);
    expect(result).toEqual(["", "é", "é"]);
  });

  it("has no class whose ids or getters end the process", async () => {
    const result = await run(
      `return [typeof events.EventEmitterAsyncResource, typeof URLPattern, typeof url.URLPattern];`,
    );
    expect(result).toEqual(["undefined", "undefined", "undefined"]);
  });

  it("gets an error for a reader of bytes with memory of its own", async () => {
    const result = await run(`
      const reader = new Blob(["text"]).stream().getReader({ mode: "byob" });
      return reader.read(new Uint8Array(4)).then(() => "read", (error) => error.message);`);
    expect(result).toContain("use getReader() without a mode");
  });

  it("ends nothing by the ids of its timers, and its timers run", async () => {
    const result = await run(`
      const ids = (timer) => Object.getOwnPropertySymbols(timer).filter((key) => typeof timer[key] === "number");
      const runs = []; const timer = setInterval(() => runs.push(1), 1), once = setImmediate(() => runs.push(2));
      for (const each of [timer, once]) for (const key of ids(each)) each[key] = "x";
      while (runs.length < 5) await timers.setTimeout(1);
      clearInterval(timer);
      return new Set(runs).size;`);
    expect(result).toBe(2);
  });
});
