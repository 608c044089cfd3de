/** A connector on a real worker thread: what it does wrong stays its own, and what it says is parsed. */
import { afterEach, describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import {
  type AdapterHarness,
  type AdapterHarnessOptions,
  adapterSource,
  adapterHarness,
  sampleFill,
} from "../support/adapter-harness.ts";

describe.each(["worker", "process"] as const)("a connector at the %s level", (isolation) => {
  const stands: AdapterHarness[] = [];
  const stand = async (more: string, given: AdapterHarnessOptions = {}, head = ""): Promise<AdapterHarness> => {
    const made = await adapterHarness(adapterSource(more, head), { isolation, ...given });
    stands.push(made);
    return made;
  };
  const started = async (more: string, given: AdapterHarnessOptions = {}, head = ""): Promise<AdapterHarness> => {
    const made = await stand(more, given, head);
    await made.connector.start();
    return made;
  };

  afterEach(async () => {
    await Promise.all(stands.splice(0).map((made) => made.connector.stop()));
  });

  describe("the documented skeleton", () => {
    it("runs verbatim without a network: ready, no restarts, and its line in the log", async () => {
      const file = fileURLToPath(new URL("../fixtures/adapters/my-venue/index.ts", import.meta.url));
      const made = await adapterHarness("", { isolation, file, secrets: { api_key: "k-123456" } });
      stands.push(made);
      await made.connector.start();
      expect(made.log.text()).toContain("MyVenueConnector connected");
      expect(made.connector.status).toMatchObject({ state: "ready", restarts: 0 });
      const placed = await made.connector.invoke("placeOrder", [{}]);
      expect(placed).toEqual({ ok: true, value: { venueOrderId: "placeholder-id", status: "acknowledged" } });
      expect(made.connector.status).toMatchObject({ state: "ready", restarts: 0 });
    });
  });

  describe("calls", () => {
    it("answers, and tells a rejection, a not-sent and an error apart", async () => {
      const { connector } = await started(`
        async placeOrder(order: any): Promise<any> {
          if (order.symbol === "NO") throw new VenueRejection("not listed");
          if (order.symbol === "OFF") throw new NotSent("offline");
          throw new TypeError("who knows");
        }`);
      expect(await connector.invoke("getQuote", ["X"])).toMatchObject({ ok: true, value: { bid: 99 } });
      expect(await connector.invoke("placeOrder", [{ symbol: "NO" }])).toMatchObject({
        ok: false,
        kind: "rejection",
        message: "not listed",
      });
      expect(await connector.invoke("placeOrder", [{ symbol: "OFF" }])).toMatchObject({ ok: false, kind: "not-sent" });
      expect(await connector.invoke("placeOrder", [{}])).toMatchObject({
        ok: false,
        kind: "error",
        message: "who knows",
      });
    });

    it("maps a stack back to the author's line", async () => {
      const { connector } = await started(`async cancelOrder(id: string) { throw new Error("boom"); }`);
      const answer = await connector.invoke("cancelOrder", ["1"]);
      expect(answer.ok === false && answer.stack).toMatch(/\(adapter\.ts:13:\d+/);
    });

    it("refuses a method that the adapter lacks", async () => {
      const { connector } = await started("");
      await expect(connector.invoke("getFills", [0])).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    });

    it("ends a call with the worker's death, in words", async () => {
      const { connector } = await started(
        `async cancelOrder(id: string) { setTimeout(() => { throw new Error("late"); }, 5); await new Promise(() => {}); }`,
      );
      await expect(connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
    });

    it("hands over fills before the ack they came before", async () => {
      const order: string[] = [];
      const { connector } = await started(
        `async placeOrder(o: any): Promise<any> { this.ctx.emitFill(${JSON.stringify(sampleFill("1"))}); return { venueOrderId: "v", status: "acknowledged" }; }`,
        { onFills: () => Promise.resolve(void order.push("fill")) },
      );
      await connector.invoke("placeOrder", [{}]);
      order.push("ack");
      expect(order).toEqual(["fill", "ack"]);
    });
  });

  describe("ends of life", () => {
    it.each([
      ["exit", "process.exit(7)"],
      ["async throw", `setTimeout(() => { throw new Error("late"); }, 1)`],
      ["unhandled rejection", `void Promise.reject(new Error("nobody"))`],
      ["heap", "const keep: any[] = []; for (;;) keep.push({ a: keep.length })"],
      ["stack", "const f = (): number => 1 + f(); setTimeout(f, 1)"],
    ])("%s restarts the connector and nothing else", async (_name, code) => {
      const made = await started(`async cancelOrder(id: string) { ${code}; await new Promise(() => {}); }`, {
        memoryMb: 48,
      });
      await expect(made.connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
      await made.reached("restarting");
      await made.reached("ready");
      expect(made.connector.status.restarts).toBe(1);
      expect(await made.connector.invoke("getBuyingPower", [])).toEqual({ ok: true, value: 1000 });
    });

    it("takes every fill that was emitted before the end", async () => {
      const made = await started(`
        async cancelOrder(id: string) {
          for (let i = 0; i < 5000; i++) this.ctx.emitFill({ ...${JSON.stringify(sampleFill(""))}, fillId: String(i) });
          process.exit(1);
        }`);
      await expect(made.connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
      await made.reached("restarting");
      expect(made.fills).toHaveLength(5000);
      expect(made.fills.at(-1)).toMatchObject({ fillId: "4999" });
    });

    it("gives up after three crashes", async () => {
      const made = await started(`async connect() { setTimeout(() => process.exit(1), 1); }`);
      await made.reached("quarantined");
      expect(made.states.filter(({ state }) => state === "restarting")).toHaveLength(2);
      expect(made.states.at(-1)?.reason).toContain("3 crashes in 5 minutes");
    });

    it("a spinning adapter does not delay another", async () => {
      const spinning = await started(`async cancelOrder(id: string) { for (;;); }`);
      const other = await started("");
      spinning.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
      for (let i = 0; i < 20; i++)
        expect(await other.connector.invoke("getBuyingPower", [])).toEqual({ ok: true, value: 1000 });
      expect(other.connector.status.state).toBe("ready");
      await spinning.reached("unresponsive");
    });
  });

  describe("what does not load is named", () => {
    it.each([
      [
        "a missing method",
        adapterSource("").replace("async cancelOrder", "async cancelAll"),
        "ADAPTER_SHAPE",
        "method cancelOrder is missing",
      ],
      ["no default export", "export const x = 1;", "ADAPTER_SHAPE", "no default export"],
      ["a throw on import", adapterSource("", `throw new Error("at import");`), "restarting", "adapter.ts:3:"],
      ["a syntax error", "const = 3;\n", "ADAPTER_BUNDLE", "adapter.ts:1:7"],
      [
        "a refused built-in",
        `import { exec } from "node:child_process";\nexec("id");\n`,
        "ADAPTER_BUNDLE",
        "adapter.ts:1:",
      ],
    ])("%s", async (_name, source, code, words) => {
      const made = await adapterHarness(source, { isolation });
      stands.push(made);
      await made.connector.start();
      const { lastError, state } = made.connector.status;
      expect(`${code} ${lastError ?? ""}`).toContain(words);
      expect(state).toBe(code === "restarting" ? "restarting" : "quarantined");
    });
  });

  describe("what an adapter may see", () => {
    it("gets its own secrets and options, no environment, no files", async () => {
      process.env["QOC_CANARY"] = "canary-in-env";
      const made = await started(
        `async getQuote(symbol: string): Promise<any> {
          let unknown = ""; try { this.ctx.secret("other"); } catch (error) { unknown = String(error); }
          let exists = false; try { exists = fs.existsSync("/etc/passwd"); } catch {}
          return { env: JSON.stringify(process.env), key: this.ctx.secret("key"), unknown, exists, option: this.ctx.options.speed };
        }`,
        { secrets: { key: "s3cret-value" }, options: { speed: 2 } },
        `import fs from "node:fs";`,
      );
      const answer = await made.connector.invoke("getQuote", ["X"]);
      expect(answer).toMatchObject({ ok: true, value: { env: "{}", key: "s3cret-value", exists: false, option: 2 } });
      expect(JSON.stringify(answer)).toContain("no secret");
      delete process.env["QOC_CANARY"];
    });

    it("keeps what it stores", async () => {
      const made = await started(`
        async getQuote(symbol: string): Promise<any> { const n = ((await this.ctx.store.get("n")) ?? 0) + 1; await this.ctx.store.put("n", n); return { n }; }`);
      await made.connector.invoke("getQuote", ["X"]);
      await made.connector.restart();
      expect(await made.connector.invoke("getQuote", ["X"])).toMatchObject({ ok: true, value: { n: 2 } });
    });

    it("has its console and its streams in the log", async () => {
      const made = await started(
        `async getQuote(symbol: string): Promise<any> { console.log("hello", { a: 1 }); process.stdout.write("raw line\\n"); return {}; }`,
      );
      await made.connector.invoke("getQuote", ["X"]);
      await made.connector.stop();
      expect(made.log.text()).toContain('hello {"a":1}');
      expect(made.log.text()).toContain("raw line");
    });
  });

  describe("a hostile peer", () => {
    it("that emits too large a fill is told so where it does, and goes on", async () => {
      const made = await started(
        `async cancelOrder(id: string) { this.ctx.emitFill({ fillId: "x".repeat(300_000) }); }`,
      );
      const answer = await made.connector.invoke("cancelOrder", ["1"]);
      expect(answer).toMatchObject({
        ok: false,
        message: expect.stringContaining("fill is too large: 300010 characters, at most 131072 are allowed") as string,
      });
      expect(made.connector.status.state).toBe("ready");
    });

    it("is cut off when it floods", async () => {
      const made = await started(`async cancelOrder(id: string) { for (;;) this.ctx.logger.info("flood"); }`);
      made.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
      await made.reached("quarantined");
      expect(made.connector.status.lastError).toContain("messages in 100 ms");
    });

    it("answers with plain data: a date is text, a function is dropped, a cycle is the author's error", async () => {
      const { connector } = await started(`async getQuote(symbol: string): Promise<any> {
        if (symbol === "CYCLE") { const a: any = {}; a.a = a; return a; }
        return { bid: () => 1, timestamp: new Date(0) };
      }`);
      expect(await connector.invoke("getQuote", ["X"])).toEqual({
        ok: true,
        value: { timestamp: "1970-01-01T00:00:00.000Z" },
      });
      expect(await connector.invoke("getQuote", ["CYCLE"])).toMatchObject({ ok: false, kind: "error" });
    });

    it("finds no loader, no port, no real process, no handle of the runtime", async () => {
      const made = await started(
        `async getQuote(symbol: string): Promise<any> {
          const g = globalThis as any; const seen: Record<string, unknown> = {};
          const attempt = (name: string, f: () => unknown) => { try { const v = f(); seen[name] = v === undefined ? "undefined" : typeof v === "object" ? Object.keys(v as object).join() : String(v).slice(0, 80); } catch (error) { seen[name] = "refused"; } };
          attempt("require", () => g.require); attempt("module", () => g.module); attempt("port", () => g.port); attempt("begin", () => g.begin);
          attempt("worker", () => g.Worker); attempt("channel", () => g.BroadcastChannel);
          attempt("kill", () => g.process.kill); attempt("binding", () => g.process.binding); attempt("report", () => g.process.report);
          attempt("symbols", () => Object.getOwnPropertySymbols(g.process.stdout).length + Object.getOwnPropertySymbols(g.process).length);
          attempt("handles", () => g.process._getActiveHandles); attempt("builtin", () => g.process.getBuiltinModule); attempt("consoleOut", () => g.console._stdout);
          attempt("constructor", () => g.process.constructor.name); attempt("functionProcess", () => new Function("return process.kill")());
          attempt("import", () => new Function("return import('node:fs')")());
          return seen;
        }`,
      );
      expect(await made.connector.invoke("getQuote", ["X"])).toMatchObject({
        ok: true,
        value: {
          require: "undefined",
          module: "undefined",
          port: "undefined",
          begin: "undefined",
          worker: "undefined",
          channel: "undefined",
          kill: "undefined",
          binding: "undefined",
          report: "undefined",
          symbols: "0",
          handles: "undefined",
          builtin: "undefined",
          consoleOut: "undefined",
          constructor: "Object",
          functionProcess: "undefined",
        },
      });
    });

    it("reaches only the hosts it was given", async () => {
      const made = await started(
        `async getQuote(symbol: string): Promise<any> {
          const seen: string[] = [];
          for (const target of ["http://other.example/", { url: "http://other.example/" }, new Request("http://other.example/")]) {
            try { await fetch(target as any); seen.push("sent"); } catch (error) { seen.push(String(error)); }
          }
          try { new WebSocket("ws://other.example"); seen.push("opened"); } catch (error) { seen.push(String(error)); }
          return seen;
        }`,
        { hosts: ["api.venue.example"] },
      );
      const answer = await made.connector.invoke("getQuote", ["X"]);
      expect(answer.ok && (answer.value as string[]).every((line) => line.includes("is not among hosts"))).toBe(true);
    });
  });
});
