/**
 * The native objects behind the streams of node:zlib, in the realm of an adapter. In a process, so that what ends it
 * does not end the test.
 */
import { describe, expect, it } from "vitest";
import { adapterRealm } from "../support/adapter-realm.ts";

const HEAD = `// @ts-nocheck
import zlib from "node:zlib"; import crypto from "node:crypto"; import { promisify } from "node:util";`;
const STREAMS = `[zlib.createGzip(), zlib.createInflate(), zlib.createBrotliCompress(), zlib.createBrotliDecompress(), zlib.createZstdCompress?.()].filter(Boolean)`;

const run = adapterRealm(HEAD);

describe("an adapter that uses node:zlib", () => {
  it("compresses the bytes as they were at the call, also if their memory changes", async () => {
    const result = await run(`
      const busy = Array.from({ length: 8 }, () => promisify(crypto.pbkdf2)("a", "b", 20_000, 64, "sha512"));
      const bytes = Buffer.alloc(20_000, "a"), compressed = promisify(zlib.deflateRaw)(bytes);
      await new Promise((resolve) => process.nextTick(resolve));
      bytes.fill("b");
      await Promise.all(busy);
      return zlib.inflateRawSync(await compressed).toString().slice(0, 3);
    `);
    expect(result).toBe("aaa");
  });

  it("has no call of a native object that ends the process, and no class that makes one", async () => {
    const result = await run(`
      const errors = new Set(), list = new Uint8Array(9), state = new Uint32Array(2);
      const attempt = (run) => { try { run(); errors.add("done"); } catch (error) { errors.add(error.name); } };
      for (const stream of ${STREAMS}) {
        const handle = stream._handle;
        for (const args of [[], [99, list, 0, 9, list, 0, 9], [0, list, 1, 9, list, 0, 9], [0, {}, 0, 0, list, 0, 9], [0, list, 0, 9, null, 0, 9], [0, list, -1, 1, list, 0, 9]])
          for (const method of ["write", "writeSync"]) attempt(() => handle[method](...args));
        attempt(() => handle.init(15, 9, 8, 0, state, () => {}, undefined));
        attempt(() => handle.params());
        attempt(() => new handle.constructor(1).init());
        attempt(() => handle.asyncReset());
        attempt(() => { delete Object.getPrototypeOf(handle).write; });
        handle.write(0, list, 0, 9, list, 0, 9);
        attempt(() => handle.reset());
        attempt(() => handle.writeSync(0, list, 0, 9, list, 0, 9));
        handle.close();
        attempt(() => handle.reset());
        handle.close();
      }
      return [...errors];
    `);
    expect(result).toEqual(["TypeError"]);
  });

  it("gets an error for members of a stream that the native object cannot use", async () => {
    const result = await run(`
      const ended = (change) => new Promise((resolve) => { const stream = zlib.createGzip(); stream.on("error", (error) => resolve(error.name)); stream.on("end", () => resolve("ended")); stream.resume(); try { change(stream); stream.end("text"); } catch (error) { resolve(error.name); } });
      return Promise.all([ended(() => 0), ended((stream) => { stream._outOffset = -9; }), ended((stream) => { stream._outBuffer = {}; })]);
    `);
    expect(result).toEqual(["ended", "TypeError", "TypeError"]);
  });

  it("has compression and its errors of every kind, also of web streams", async () => {
    const result = await run(`
      const text = Buffer.concat([Buffer.from("hello ".repeat(4_000)), crypto.randomBytes(70_000)]), results = new Set();
      for (const [to, from] of [["gzip", "gunzip"], ["deflate", "inflate"], ["deflateRaw", "inflateRaw"], ["brotliCompress", "brotliDecompress"], ["zstdCompress", "zstdDecompress"]]) {
        if (zlib[to] === undefined) continue;
        for (const data of [text, Buffer.alloc(0)]) {
          results.add(zlib[from + "Sync"](await promisify(zlib[to])(data)).equals(data));
          results.add((await promisify(zlib[from])(zlib[to + "Sync"](data))).equals(data));
        }
        results.add(await promisify(zlib[from])(Buffer.from("not so")).catch((error) => error instanceof Error));
      }
      const stream = zlib.createDeflate(); stream.resume(); stream.write("a");
      await new Promise((resolve) => stream.params(9, 0, resolve)); stream.reset(); stream.end("b");
      results.add(await new Promise((resolve) => stream.on("end", () => resolve(true))));
      const web = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip"));
      results.add((await new Response(web).arrayBuffer()).byteLength === text.length);
      results.add(zlib.inflateSync(zlib.deflateSync(new DataView(new ArrayBuffer(5)))).length === 5);
      return [...results];
    `);
    expect(result).toEqual([true]);
  });

  it("gets random bytes before randomFill returns, and its callback later", async () => {
    const result = await run(`
      const busy = Array.from({ length: 8 }, () => promisify(crypto.pbkdf2)("a", "b", 20_000, 64, "sha512"));
      const list = new Uint32Array(16); let isCalled = false;
      const filled = new Promise((resolve, reject) => crypto.randomFill(list, 4, (error, same) => { isCalled = true; error ? reject(error) : resolve(same === list); }));
      const before = [isCalled, list.slice(0, 4).some((word) => word !== 0), list.slice(4).some((word) => word !== 0)];
      await Promise.all(busy);
      return [...before, await filled];
    `);
    expect(result).toEqual([false, false, true, true]);
  });
});
