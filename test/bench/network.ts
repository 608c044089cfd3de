/**
 * What a request costs an adapter, whose connections the egress thread makes: against the runtime's own fetch in a
 * thread. Both are compiled by the requests before the measurement.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { adapterHarness, adapterSource } from "../support/adapter-harness.ts";
import { SHORT, inTurn, median } from "./measure.ts";

const ROUNDS = SHORT ? 20 : 120;
const WARM_ROUNDS = SHORT ? 10 : 60;
const PER_ROUND = 20;
/** A body of `/N` bytes. */
const SERVER = `
const { createServer } = require("node:http");
const { parentPort } = require("node:worker_threads");
const server = createServer((request, response) => response.end("x".repeat(Number(request.url.slice(1)))));
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;

const REQUESTS = `const times = []; for (let i = 0; i < ${PER_ROUND}; i++) { const started = performance.now(); await (await fetch(url)).text(); times.push(performance.now() - started); }`;
const IN_ADAPTER = `async getQuote(url: string): Promise<any> { ${REQUESTS} return times; }`;
const IN_THREAD = `require("node:worker_threads").parentPort.on("message", async (url) => { ${REQUESTS} require("node:worker_threads").parentPort.postMessage(times); });`;

/** p50 and the least of one request, in the adapter and with the runtime's fetch, ms. */
export async function network(): Promise<string> {
  const server = new Worker(SERVER, { eval: true });
  const [port] = (await once(server, "message")) as [number];
  const thread = new Worker(IN_THREAD, { eval: true });
  const lines = [
    "| a request of an adapter, p50 (the least) | bytes | egress thread | runtime's fetch | more |",
    "|---|---|---|---|---|",
  ];
  for (const isolation of ["worker", "process"] as const) {
    const { connector } = await adapterHarness(adapterSource(IN_ADAPTER), { isolation, hosts: ["127.0.0.1"] });
    await connector.start();
    for (const bytes of [200, 100_000]) {
      const url = `http://127.0.0.1:${port}/${bytes}`;
      const times = { ours: [] as number[], floor: [] as number[] };
      const inAdapter = async (): Promise<void> => {
        const answer = await connector.invoke("getQuote", [url]);
        if (!answer.ok) throw new Error(answer.message);
        times.ours.push(...(answer.value as number[]));
      };
      const inThread = async (): Promise<void> => {
        thread.postMessage(url, []);
        const [measured] = (await once(thread, "message")) as [number[]];
        times.floor.push(...measured);
      };
      await inTurn(WARM_ROUNDS, inAdapter, inThread);
      times.ours = [];
      times.floor = [];
      await inTurn(ROUNDS, inAdapter, inThread);
      lines.push(lineOf(isolation, bytes, times));
    }
    await connector.stop();
  }
  await Promise.all([server.terminate(), thread.terminate()]);
  return lines.join("\n");
}

function lineOf(
  isolation: string,
  bytes: number,
  times: { readonly ours: number[]; readonly floor: number[] },
): string {
  const [ours, floor] = [median(times.ours), median(times.floor)];
  const text = (p50: number, all: number[]): string => `${p50.toFixed(2)} (${Math.min(...all).toFixed(2)}) ms`;
  const more = `${(ours - floor).toFixed(2)} ms, ${(ours / floor).toFixed(1)} ×`;
  return `| ${isolation} | ${bytes} | ${text(ours, times.ours)} | ${text(floor, times.floor)} | ${more} |`;
}
