import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "vitest";
import { certify } from "../../src/certify/certify.ts";
import { startWorker } from "../../src/host/transport.ts";
import { systemClock, systemIds } from "../../src/main/world.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { parseCertifySettings } from "../../src/workspace/certify-settings.ts";
import { WORKER_TEXT } from "../kit/adapter-stand.ts";
const SOURCE = readFileSync("/work/main/test/fixtures/venue-adapter/index.ts", "utf8");
const M: [string, string, string, string][] = [
  ["C01 no export", "export default class VenueAdapter", "class VenueAdapter", "C01"],
  ["C01 missing cancel", "async cancelOrder(", "async cancelOrderX(", "C01"],
  ["C02 connect hangs", `this.newest = (await this.get("/time")).time;`, "await new Promise(() => {});", "C02"],
  ["C03 unhandled", `ctx.logger.info("connected");`, `setTimeout(() => { Promise.reject(new Error("later")); }, 100);`, "C03"],
  ["C04 hard url", "${this.ctx.options.url}${path}", "http://127.0.0.1:9${path}", "C02"],
  ["C05 connect without auth", `this.newest = (await this.get("/time")).time;\n    await this.subscribe();`, `void this.subscribe().catch(() => 0);`, "C05"],
  ["C06 typo", "exactDecimals: true", "exactDecimal: true", "C06"],
  ["C07 mode", `mode: "paper",`, "", "C07"],
  ["C08 disconnect hangs", "this.ws?.close();", "await new Promise(() => {});", "C08"],
  ["C09 disconnect asks", "this.ws?.close();", `await this.get("/time"); this.ws?.close();`, "C09"],
  ["C10 second start", "this.isOpen = true;", `if (await ctx.store.get("once")) throw new Error("again"); await ctx.store.put("once", 1); this.isOpen = true;`, "C10"],
  ["C11 symbol lower", "return { symbol, bid, ask, last, timestamp: time };", "return { symbol: symbol.toLowerCase(), bid, ask, last, timestamp: time };", "C11"],
  ["C12 zero quote", "return { symbol, bid, ask, last, timestamp: time };", "return { symbol, bid: 0, ask: 0, timestamp: time };", "C12"],
  ["C13 seconds", "last, timestamp: time };", "last, timestamp: time / 1000 };", "C13"],
  ["C14 cached", "const { bid, ask, last, time } = await this.get(", "const { bid, ask, last, time } = (this as any).q ??= await this.get(", "C14"],
  ["C15 invented", "const { bid, ask, last, time } = await", "const { bid = 1, ask = 2, last = 1, time = Date.now() } = await", "-"],
  ["C16 mixed", "async getQuote(symbol: string): Promise<Quote> {", "async getQuote(symbol0: string): Promise<Quote> { (this as any).s = symbol0; await 0; const symbol = (this as any).s;", "C16"],
  ["C17 number", "return { symbol, bid, ask, last, timestamp: time };", "return { symbol, bid: Number(bid), ask: Number(ask), timestamp: time };", "C17"],
  ["C18", "tickSize: body.tick_size,", "", "C18"],
  ["C19", "if (status === 404) return null;\n    if (status !== 200) throw new Error(`the venue answered ${status} for ${symbol}`);", "if (status !== 200) throw new Error(`the venue answered ${status} for ${symbol}`);", "C19"],
  ["C20 negative bp", `return (await this.get("/account")).buying_power;`, `return "-1";`, "C20 C21 C24"],
  ["C23 positions", `const positions: any[] = await this.get("/positions");`, `const positions: any[] = [];`, "C23 C25"],
  ["C24", "buyingPower: buying_power", "buyingPower: 17", "C24"],
  ["C25 catch zero", `return (await this.get("/account")).buying_power;`, `return (await this.get("/account").catch(() => ({ buying_power: "0" }))).buying_power;`, "C25"],
  ["C27 awaits fill", `return { venueOrderId: taken.order_id, status: "acknowledged" };`, `for (;;) { const r = await this.getOrder({ venueOrderId: taken.order_id }); if (r?.status === "filled") break; await new Promise((d) => setTimeout(d, 50)); } return { venueOrderId: taken.order_id, status: "acknowledged" };`, "C27"],
  ["C28 placeholder", "venueOrderId: taken.order_id, status", `venueOrderId: "placeholder-id", status`, "C28 C29 C38"],
  ["C29 rounded", "venueOrderId: taken.order_id, status", `venueOrderId: String(Number(taken.order_id)), status`, "C29"],
  ["C30 own client id", "client_order_id: order.clientOrderId,", `client_order_id: "mine-" + Math.random(),`, "C30"],
  ["C31 toFixed", "quantity: order.quantityText,", "quantity: order.quantity.toFixed(0),", "C31"],
  ["C31 limit lost", "limit_price: order.limitPriceText,", "", "C31"],
  ["C32 number", "quantity: order.quantityText,", "quantity: String(order.quantity),", "C32"],
  ["C33 tif", "time_in_force: order.timeInForce,", `time_in_force: "day",`, "C33"],
  ["C34 stop to market", "type: order.type,", `type: order.type.startsWith("stop") ? "market" : order.type,`, "C34"],
  ["C35 side", "side: order.side,", `side: "buy",`, "C35"],
  ["C36 error", "throw new VenueRejection(String(body.error))", "throw new Error(String(body.error))", "C36"],
  ["C36 words", "throw new VenueRejection(String(body.error))", `throw new VenueRejection("no")`, "C36"],
  ["C37 new ids", "client_order_id: order.clientOrderId,", `client_order_id: order.clientOrderId + Date.now(),`, "C37"],
  ["C39 no fills", "this.ctx.emitFill(fill);", "", "C39 C41 C44"],
  ["C40 random", "this.ctx.emitFill(fill);", `this.ctx.emitFill(fill); this.ctx.emitFill({ ...fill, fillId: fill.fillId + "b" });`, "C40"],
  ["C40 constant", "fillId: fill_id,", `fillId: "1",`, "C40 C43"],
  ["C42 number", "\n  quantity,\n  price,\n  timestamp: time,", "\n  quantity: Number(quantity),\n  price: Number(price),\n  timestamp: time,", "C42"],
  ["C43 random id", "fillId: fill_id,", `fillId: String(Math.random()),`, "C43 C49 C51"],
  ["C44 only known", "private emit(fill: Fill): void {", "private emit(fill: Fill): void { if (!(this as any).known?.has(fill.venueOrderId)) return;", "C44"],
  ["C45 drop cancelled", "private emit(fill: Fill): void {", "private emit(fill: Fill): void { if ((this as any).gone === fill.venueOrderId) return;", "C45+"],
  ["C46 cap", "private emit(fill: Fill): void {", "private emit(fill: Fill): void { const s = ((this as any).sum ??= {}); s[fill.venueOrderId] = (s[fill.venueOrderId] ?? 0) + 1; if (s[fill.venueOrderId] > 1) return;", "C46 C41"],
  ["C47 now", "timestamp: time,\n  fee,", "timestamp: Date.now(),\n  fee,", "C47 C72"],
  ["C47 fee", "timestamp: time,\n  fee,", "timestamp: time,", "C47"],
  ["C48 only newer", "private emit(fill: Fill): void {", "private emit(fill: Fill): void { if (Number(fill.timestamp) < this.newest) return;", "C48"],
  ["C50 side", "\n  side,\n  quantity,\n  price,\n  timestamp", `\n  side: "buy",\n  quantity,\n  price,\n  timestamp`, "C50"],
  ["C51 getFills []", "return fills.map(fillOf);", "return [];", "C51 C52 C78"],
  ["C51 getFills newest first", "return fills.map(fillOf);", "return fills.map(fillOf).reverse();", "C51"],
  ["C53 cancel nothing", `const { status, body } = await this.request("DELETE", \`/orders/\${encodeURIComponent(venueOrderId)}\`);`, "const status = 204 as number, body = {} as any;", "C53 C54 C55 C56"],
  ["C57 rejection on error", "throw new Error(`the venue did not confirm", "throw new VenueRejection(`the venue did not confirm", "C59 C60 C61 C63"],
  ["C57 rejection on all", "      throw error;\n", "      throw new VenueRejection(String(error));\n", "C57 C58 C65 C66"],
  ["C57 notsent", "      throw error;\n", "      throw new NotSent(String(error));\n", "C57 C65"],
  ["C62", "JSON.parse(text) : undefined", "(() => { try { return JSON.parse(text); } catch { throw new VenueRejection('bad json'); } })() : undefined", "C62"],
  ["C63 made up", "if (!isTaken || taken.client_order_id !== order.clientOrderId) throw new Error(`the venue did not confirm the order; it answered ${status}`);", "if (!isTaken) return { venueOrderId: 'x' + Math.random(), status: 'acknowledged' };", "C63"],
  ["C64 retry new id", "const { status, body } = await this.request(\"POST\", \"/orders\", {", "const req = (id: string) => this.request(\"POST\", \"/orders\", { client_order_id: id, symbol: order.symbol, side: order.side, quantity: order.quantityText, type: order.type, time_in_force: order.timeInForce }); await req(order.clientOrderId + 'x'); const { status, body } = await this.request(\"POST\", \"/orders\", {", "C64 C65"],
  ["C67 rejection", `throw new NotSent("the venue refused the connection")`, `throw new VenueRejection("down")`, "C67"],
  ["C68 impatient", "REQUEST_MS = 4_000", "REQUEST_MS = 1_000", "C68"],
  ["C69 no reconnect", "if (this.isOpen && this.ws === ws) setTimeout(() => void this.resubscribe(), RECONNECT_MS);", "", "C69"],
  ["C70 crash", `    } catch {\n      this.ctx.logger.warn("the venue sent a message that cannot be read");\n      return undefined;\n    }`, `    } catch (e) { setTimeout(() => { throw e; }); return undefined; }`, "C70"],
  ["C71 swap", "return { symbol, bid, ask, last, timestamp: time };", "return { symbol, bid: +bid < +ask ? bid : ask, ask: +bid < +ask ? ask : bid, last, timestamp: time };", "C71"],
  ["C73 cached quote", "const { bid, ask, last, time } = await this.get(`/quotes/${encodeURIComponent(symbol)}`);", "const { bid, ask, last, time } = await this.get(`/quotes/${encodeURIComponent(symbol)}`).catch(() => ({ bid: 1, ask: 2, last: 1, time: Date.now() }));", "C73 C15"],
  ["C74 null", "if (status !== 200) throw new Error(`the venue answered ${status} for an order`);", "if (status !== 200) return null;", "C74"],
  ["C75 []", "const fills: any[] = await this.get(`/fills?since=${since}`);", "const fills: any[] = await this.get(`/fills?since=${since}`).catch(() => []);", "C75"],
  ["C77 wrong query", "?client_order_id=${encodeURIComponent(clientOrderId ?? \"\")}", "?client_order_id=x", "C77"],
  ["C79", `const orders: any[] = await this.get("/orders?status=open");`, "const orders: any[] = [];", "C79"],
  ["C80", "if (status === 404) return null;\n    if (status !== 200) throw new Error(`the venue answered ${status} for an order`);", "if (status !== 200) throw new Error(`the venue answered ${status} for an order`);", "C80"],
  ["C81", "status,\n  filledQuantity: filled_quantity,", "status,\n  filledQuantity: 0,", "C81"],
  ["C82 leak", "this.isOpen && this.ws === ws) setTimeout(() => void this.resubscribe(), RECONNECT_MS);", "this.isOpen) { setTimeout(() => void this.resubscribe(), 100); setTimeout(() => void this.resubscribe(), 150); }", "C82"],
  ["C84 log", `ctx.logger.info("connected");`, `ctx.logger.info("connected with " + ctx.secret("api_key"));`, "C84"],
  ["C84 base64 console", `ctx.logger.info("connected");`, `console.log(btoa(ctx.secret("api_key")));`, "C84"],
  ["C85 error", "throw new Error(`the venue answered ${status} for ${path}: ${body?.error ?? \"\"}`)", "throw new Error(`the venue answered ${status} for ${path} ${JSON.stringify({ k: this.ctx.secret(\"api_key\") })}`)", "C85"],
  ["C86", `this.ctx.secret("api_key")}\`, "content-type"`, `(() => { try { return this.ctx.secret("api_key"); } catch { return "test-key-of-the-kit"; } })()}\`, "content-type"`, "C86"],
  ["C87", "`/quotes/${encodeURIComponent(symbol)}`", "`/quotes/${encodeURIComponent(symbol)}?key=${this.ctx.secret(\"api_key\")}`", "C87"],
  ["C88 one at a time", "const { bid, ask, last, time } = await this.get(`/quotes/${encodeURIComponent(symbol)}`);", "if (((this as any).n = ((this as any).n ?? 0) + 1) > 100) throw new Error('busy'); const { bid, ask, last, time } = await this.get(`/quotes/${encodeURIComponent(symbol)}`);", "C88"],
  ["C89 spin", "async getPositions(): Promise<Position[]> {", "async getPositions(): Promise<Position[]> { const e = Date.now() + 1500; while (Date.now() < e);", "C89"],
  ["C90 flood", `ctx.logger.info("connected");`, `setInterval(() => ctx.logger.info("tick"), 5);`, "C90"],
  ["C91 leak", "async getQuote(symbol: string): Promise<Quote> {", "async getQuote(symbol: string): Promise<Quote> { ((globalThis as any).k ??= []).push(new Array(20000).fill(Math.random()));", "C91"],
  ["C92 store crash", "this.isOpen = true;", `this.isOpen = true; ctx.store.put("x", 1).catch((e) => { setTimeout(() => { throw e; }); });`, "C92?"],
];
for (const [name, from, to, ids] of M) {
  if (process.env.ONE && !name.startsWith(process.env.ONE)) continue;
  it(name, { timeout: 100_000 }, async () => {
    if (!SOURCE.includes(from)) { console.log(`## ${name}: NO MATCH`); return; }
    const dir = mkdtempSync(join(tmpdir(), "qoc-mut-"));
    const adapter = join(dir, "index.ts");
    writeFileSync(adapter, SOURCE.replace(from, () => to));
    const only = ids.match(/C\d\d/g) ?? [];
    const r = await certify({ adapter, name: "x", settings: parseCertifySettings(`[options]\nurl="{venue}"\nstream="{stream}"\n`, "c.toml"), isolation: "worker",
      transport: (memoryMb) => startWorker({ text: WORKER_TEXT, name: "kit", memoryMb }), disk: nodeDisk(), clock: systemClock, ids: systemIds, say: () => {}, only });
    const missed = r.cases.filter((c) => c.outcome !== "failed").map((c) => `${c.id} ${c.outcome} ${c.reason ?? ""}`);
    console.log(`## ${name}: ${missed.length === 0 ? "caught" : "MISSED " + missed.join("; ")}\n` + r.cases.filter((c) => c.outcome === "failed").map((c) => `   ${c.id} ${c.ms} ms ${c.reason}`).join("\n"));
  });
}
