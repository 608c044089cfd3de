/** What a request costs an adapter, whose connections the egress thread makes: against the runtime's own fetch. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { adapterHarness, adapterSource } from "../support/adapter-harness.ts";
import { SHORT, inTurn, median } from "./measure.ts";

const ROUNDS = SHORT ? 20 : 60;
const PER_ROUND = 10;
/** A body of `/N` bytes. */
const SERVER = `
const { createServer } = require("node:http");
const { parentPort } = require("node:worker_threads");
const server = createServer((request, response) => response.end("x".repeat(Number(request.url.slice(1)))));
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;

const FETCHES = `async getQuote(url: string): Promise<any> {
  const started = performance.now();
  for (let i = 0; i < ${PER_ROUND}; i++) await (await fetch(url)).text();
  return (performance.now() - started) / ${PER_ROUND};
}`;

/** p50 of one request, in the adapter and with the runtime's fetch, ms. */
export async function network(): Promise<string> {
  const server = new Worker(SERVER, { eval: true });
  const [port] = (await once(server, "message")) as [number];
  const lines = [
    "| a request of an adapter, p50 | bytes | egress thread | runtime's fetch | more |",
    "|---|---|---|---|---|",
  ];
  for (const isolation of ["worker", "process"] as const) {
    const { connector } = await adapterHarness(adapterSource(FETCHES), { isolation, hosts: ["127.0.0.1"] });
    await connector.start();
    for (const bytes of [200, 100_000]) {
      const url = `http://127.0.0.1:${port}/${bytes}`;
      const inAdapter: number[] = [];
      const { b } = await inTurn(
        ROUNDS,
        async () => {
          const answer = await connector.invoke("getQuote", [url]);
          if (!answer.ok) throw new Error(answer.message);
          inAdapter.push(answer.value as number);
        },
        async () => {
          for (let i = 0; i < PER_ROUND; i++) await (await fetch(url)).text();
        },
      );
      const [ours, floor] = [median(inAdapter.slice(ROUNDS / 10)), median(b) / PER_ROUND];
      const more = `${(ours - floor).toFixed(2)} ms, ${(ours / floor).toFixed(1)} ×`;
      lines.push(`| ${isolation} | ${bytes} | ${ours.toFixed(2)} ms | ${floor.toFixed(2)} ms | ${more} |`);
    }
    await connector.stop();
  }
  await server.terminate();
  return lines.join("\n");
}
