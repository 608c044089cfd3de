/** Connectors in real workers: failures affect only their connector, and everything that a worker sends is checked. */
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
  const harnesses: AdapterHarness[] = [];
  const startedSource = async (source: string, options: AdapterHarnessOptions = {}): Promise<AdapterHarness> => {
    const harness = await adapterHarness(source, { isolation, ...options });
    harnesses.push(harness);
    await harness.connector.start();
    return harness;
  };
  /** Starts an adapter with these methods. */
  const started = (methods: string, options: AdapterHarnessOptions = {}, head = ""): Promise<AdapterHarness> =>
    startedSource(adapterSource(methods, head), options);

  afterEach(async () => {
    await Promise.all(harnesses.splice(0).map(({ connector }) => connector.stop()));
  });

  describe("the documented skeleton", () => {
    it("runs unchanged without a network: it is ready, not restarted, and its log line is recorded", async () => {
      const file = fileURLToPath(new URL("../fixtures/adapters/my-venue/index.ts", import.meta.url));
      const harness = await startedSource("", { file, secrets: { api_key: "k-123456" } });
      expect(harness.log.text()).toContain("MyVenueConnector connected");
      expect(harness.connector.status).toMatchObject({ state: "ready", restarts: 0 });
      const placed = await harness.connector.invoke("placeOrder", [{}]);
      expect(placed).toEqual({ ok: true, value: { venueOrderId: "placeholder-id", status: "acknowledged" } });
      expect(harness.connector.status).toMatchObject({ state: "ready", restarts: 0 });
    });
  });

  describe("a method call", () => {
    it("returns a result, a rejection, a not-sent or an error", async () => {
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

    it("that throws returns a stack with the author's file and line", async () => {
      const { connector } = await started(`async cancelOrder(id: string) { throw new Error("boom"); }`);
      const response = await connector.invoke("cancelOrder", ["1"]);
      expect(response.ok === false && response.stack).toMatch(/\(adapter\.ts:13:\d+/);
    });

    it("of a method that the adapter lacks is refused", async () => {
      const { connector } = await started("");
      await expect(connector.invoke("getFills", [0])).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    });

    it("rejects with CALL_DIED if the worker ends during the call", async () => {
      const { connector } = await started(
        `async cancelOrder(id: string) { setTimeout(() => { throw new Error("late"); }, 5); await new Promise(() => {}); }`,
      );
      await expect(connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
    });

    it("returns after the fills that were emitted before its result are delivered", async () => {
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

  describe("the end of a worker", () => {
    it.each([
      ["exit", "process.exit(7)"],
      ["async throw", `setTimeout(() => { throw new Error("late"); }, 1)`],
      ["unhandled rejection", `void Promise.reject(new Error("nobody"))`],
      ["heap", "const keep: any[] = []; for (;;) keep.push({ a: keep.length })"],
      ["stack", "const f = (): number => 1 + f(); setTimeout(f, 1)"],
    ])("by %s restarts only this connector", async (_name, code) => {
      const harness = await started(`async cancelOrder(id: string) { ${code}; await new Promise(() => {}); }`, {
        memoryMb: 48,
      });
      await expect(harness.connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
      await harness.reached("restarting");
      await harness.reached("ready");
      expect(harness.connector.status.restarts).toBe(1);
      expect(await harness.connector.invoke("getBuyingPower", [])).toEqual({ ok: true, value: 1000 });
    });

    it("does not lose fills that were emitted before it", async () => {
      const harness = await started(`
        async cancelOrder(id: string) {
          for (let i = 0; i < 5000; i++) this.ctx.emitFill({ ...${JSON.stringify(sampleFill(""))}, fillId: String(i) });
          process.exit(1);
        }`);
      await expect(harness.connector.invoke("cancelOrder", ["1"])).rejects.toMatchObject({ code: "CALL_DIED" });
      await harness.reached("restarting");
      expect(harness.fills).toHaveLength(5000);
      expect(harness.fills.at(-1)).toMatchObject({ fillId: "4999" });
    });

    it("does not lose fills that the host reads after it has failed to send a call", async () => {
      const harness = await started(`
        async cancelOrder(id: string) {
          for (let i = 0; i < 300; i++) this.ctx.emitFill({ ...${JSON.stringify(sampleFill(""))}, fillId: String(i) });
          process.exit(1);
        }`);
      const cancel = harness.connector.invoke("cancelOrder", ["1"]);
      // The host reads nothing until the worker has ended.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
      const quote = harness.connector.invoke("getQuote", ["X"]);
      for (const call of [cancel, quote]) await expect(call).rejects.toMatchObject({ code: "CALL_DIED" });
      await harness.reached("restarting");
      expect(harness.fills).toHaveLength(300);
    });

    it("quarantines the connector if it is the third crash", async () => {
      const harness = await started(`async connect() { setTimeout(() => process.exit(1), 1); }`);
      await harness.reached("quarantined");
      expect(harness.states.filter(({ state }) => state === "restarting")).toHaveLength(2);
      expect(harness.states.at(-1)?.reason).toContain("3 crashes in 5 minutes");
    });

    it("is not needed to protect others: a spinning adapter does not delay another connector", async () => {
      const spinning = await started(`async cancelOrder(id: string) { for (;;); }`);
      const other = await started("");
      spinning.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
      for (let i = 0; i < 20; i++)
        expect(await other.connector.invoke("getBuyingPower", [])).toEqual({ ok: true, value: 1000 });
      expect(other.connector.status.state).toBe("ready");
      await spinning.reached("unresponsive");
    });
  });

  describe("an adapter that cannot be loaded", () => {
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
    ])("because of %s gives an error that names the cause", async (_name, source, code, message) => {
      const harness = await startedSource(source);
      const { lastError, state } = harness.connector.status;
      expect(`${code} ${lastError ?? ""}`).toContain(message);
      expect(state).toBe(code === "restarting" ? "restarting" : "quarantined");
    });
  });

  describe("connect", () => {
    it("that throws ConnectRefused quarantines the connector: the login is not tried again", async () => {
      const head = `import { ConnectRefused } from "@qoc-app/sdk";`;
      const refuse = `async connect() { throw new ConnectRefused("the key is of the test net"); }`;
      const { connector, states } = await started(refuse, {}, head);
      expect(connector.status).toMatchObject({
        state: "quarantined",
        restarts: 0,
        lastError: "connector harness refuses to connect: the key is of the test net",
      });
      expect(states.map(({ state }) => state)).toEqual(["starting", "quarantined"]);
    });

    it("that says whom it reached gives the connector its mode and account", async () => {
      const { connector } = await started(
        `async connect() { return { mode: "live", environment: "production", accountId: "U1", permissions: ["trade"], note: 1 }; }`,
      );
      expect(connector.metrics.unknownMembers).toEqual([{ method: "connect", members: ["note"] }]);
      expect(connector.status).toMatchObject({
        state: "ready",
        capabilities: { mode: "live" },
        connection: { accountId: "U1", environment: "production", permissions: ["trade"] },
      });
    });
  });

  describe("the context of an adapter", () => {
    it("has the connector's own secrets and options, but no environment and no files", async () => {
      process.env["QOC_CANARY"] = "canary-in-env";
      const harness = await started(
        `async getQuote(symbol: string): Promise<any> {
          let unknown = ""; try { this.ctx.secret("other"); } catch (error) { unknown = String(error); }
          let exists = false; try { exists = fs.existsSync("/etc/passwd"); } catch {}
          return { env: JSON.stringify(process.env), key: this.ctx.secret("key"), unknown, exists, option: this.ctx.options.speed };
        }`,
        { secrets: { key: "s3cret-value" }, options: { speed: 2 } },
        `import fs from "node:fs";`,
      );
      const response = await harness.connector.invoke("getQuote", ["X"]);
      expect(response).toMatchObject({ ok: true, value: { env: "{}", key: "s3cret-value", exists: false, option: 2 } });
      expect(JSON.stringify(response)).toContain("no secret");
      delete process.env["QOC_CANARY"];
    });

    it("has a store that is kept over restarts", async () => {
      const harness = await started(`
        async getQuote(symbol: string): Promise<any> { const n = ((await this.ctx.store.get("n")) ?? 0) + 1; await this.ctx.store.put("n", n); return { n }; }`);
      await harness.connector.invoke("getQuote", ["X"]);
      await harness.connector.restart();
      expect(await harness.connector.invoke("getQuote", ["X"])).toMatchObject({ ok: true, value: { n: 2 } });
    });

    it("has a console and output streams that write to the log", async () => {
      const harness = await started(
        `async getQuote(symbol: string): Promise<any> { console.log("hello", { a: 1 }); process.stdout.write("raw line\\n"); return {}; }`,
      );
      await harness.connector.invoke("getQuote", ["X"]);
      await harness.connector.stop();
      expect(harness.log.text()).toContain('hello {"a":1}');
      expect(harness.log.text()).toContain("raw line");
    });
  });

  describe("an adapter", () => {
    it("that emits a fill over the size limit gets an error, and stays ready", async () => {
      const harness = await started(
        `async cancelOrder(id: string) { this.ctx.emitFill({ fillId: "x".repeat(300_000) }); }`,
      );
      const response = await harness.connector.invoke("cancelOrder", ["1"]);
      expect(response).toMatchObject({
        ok: false,
        message: expect.stringContaining("fill is too large: 300010 characters, at most 131072 are allowed") as string,
      });
      expect(harness.connector.status.state).toBe("ready");
    });

    it("that floods the host with messages is cut off and quarantined", async () => {
      const harness = await started(`async cancelOrder(id: string) { for (;;) this.ctx.logger.info("flood"); }`);
      harness.connector.invoke("cancelOrder", ["1"]).catch(() => undefined);
      await harness.reached("quarantined");
      // Which limit is reached first depends on the machine.
      expect(harness.connector.status.lastError).toMatch(/messages in 100 ms|messages wait to be processed/);
    });

    it("that writes to its log goes on after a stall of the host", async () => {
      // Three quarters of the limit, for longer than its window.
      const harness = await started(`async cancelOrder(id: string) {
        for (let i = 0; i < 6_000; i++) {
          this.ctx.logger.info("line");
          if (i % 15 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }`);
      await harness.connector.invoke("getQuote", ["X"]);
      const written = harness.connector.invoke("cancelOrder", ["1"]);
      await new Promise((resolve) => setImmediate(resolve));
      for (const until = performance.now() + 1_000; performance.now() < until;);
      expect(await written).toMatchObject({ ok: true });
      expect(harness.connector.status.state).toBe("ready");
    });

    it("returns plain data: a date becomes text, a function is named as lost, a cycle is an error", async () => {
      const { connector } = await started(`async getQuote(symbol: string): Promise<any> {
        if (symbol === "CYCLE") { const a: any = {}; a.a = a; return a; }
        return { bid: () => 1, timestamp: new Date(0) };
      }`);
      expect(await connector.invoke("getQuote", ["X"])).toEqual({
        ok: true,
        value: { bid: { lost: "function" }, timestamp: "1970-01-01T00:00:00.000Z" },
      });
      expect(await connector.invoke("getQuote", ["CYCLE"])).toMatchObject({ ok: false, kind: "error" });
    });

    it("finds no module loader, no port, no real process and no handle of the runtime", async () => {
      const file = fileURLToPath(new URL("../fixtures/adapters/probe-globals.ts", import.meta.url));
      const harness = await startedSource("", { file });
      const response = await harness.connector.invoke("cancelOrder", ["1"]);
      expect(JSON.parse(response.ok ? "{}" : response.message)).toMatchObject({
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
      });
    });

    it("can reach only the hosts of its configuration", async () => {
      const harness = await started(
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
      const response = await harness.connector.invoke("getQuote", ["X"]);
      expect(response.ok && (response.value as string[]).every((line) => line.includes("is not among hosts"))).toBe(
        true,
      );
    });
  });
});

describe("an adapter that replaces JSON.parse in its thread", () => {
  it.each([
    ["a list of holes", "const list: any[] = []; list.length = 4_294_967_295; return list;"],
    [
      "lists that contain each other",
      "let list: any = 1; for (let i = 0; i < 31; i++) list = [list, list]; return list;",
    ],
  ])("to send %s is cut off, and the host goes on", async (_what, code) => {
    const head = `JSON.parse = (() => { ${code} }) as any;`;
    const harness = await adapterHarness(adapterSource("", head));
    await harness.connector.start();
    await expect(harness.connector.invoke("getQuote", ["X"])).rejects.toMatchObject({ code: "CALL_DIED" });
    expect(harness.log.text()).toContain("cut off: a message of more than 8388608 characters, or not plain data");
    await harness.connector.stop();
  });
});
