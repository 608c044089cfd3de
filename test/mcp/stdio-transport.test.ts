/** Input that ends before its responses are sent: no response is lost, and the wait has a limit. */
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStdioChannels } from "../../src/mcp/stdio-transport.ts";
import { fakeClock } from "../support/fake-clock.ts";

const CALL = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "qoc_status" } } as const;
const LISTEN = { jsonrpc: "2.0", id: 9, method: "subscriptions/listen" };
const CANCEL = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
function lines(...messages: readonly object[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join("");
}

const clock = fakeClock();
let [stdin, stdout] = [new PassThrough(), new PassThrough()];
let heard: unknown[] = [];
let hasEnded = false;
let pipes = openStdioChannels(stdin, stdout, clock, 1_000);
beforeEach(async () => {
  [stdin, stdout] = [new PassThrough(), new PassThrough()];
  [heard, hasEnded] = [[], false];
  pipes = openStdioChannels(stdin, stdout, clock, 1_000);
  Object.assign(pipes.transport, { onmessage: (message: unknown) => void heard.push(message) });
  void pipes.ended.then(() => (hasEnded = true));
  await pipes.transport.start();
});
afterEach(() => pipes.transport.close());

async function turns(count = 20): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a line that is not JSON", () => {
  it("is answered with a parse error, and the lines around it are read", async () => {
    stdin.end(`\n${lines(LISTEN)}{"jsonrpc": \n${JSON.stringify({ ...LISTEN, id: 10 })}`);
    await pipes.ended;
    expect(heard).toEqual([LISTEN, { ...LISTEN, id: 10 }]);
    expect(JSON.parse(String(stdout.read()))).toEqual({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32700, message: "Parse error: the line is not JSON" },
    });
  });
});

describe("the end of input", () => {
  it("is passed on at once if no request is open, or only a listening stream", async () => {
    stdin.end(lines(LISTEN));
    await pipes.ended;
    expect(heard).toEqual([LISTEN]);
  });

  it("waits for the response to the last message before it", async () => {
    stdin.end(lines({ jsonrpc: "2.0", method: "notifications/initialized" }, CALL));
    await turns();
    expect([heard.length, hasEnded]).toEqual([2, false]);
    await pipes.transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    await pipes.ended;
    expect(String(stdout.read())).toBe(lines({ jsonrpc: "2.0", id: 1, result: {} }));
  });

  it("does not wait for a call that the client has cancelled", async () => {
    stdin.end(lines(CALL, CANCEL));
    await pipes.ended;
  });

  it("waits no longer than the time limit", async () => {
    stdin.end(lines(CALL));
    await turns();
    clock.advance(999);
    await turns();
    expect(hasEnded).toBe(false);
    clock.advance(1);
    await pipes.ended;
  });

  it.each(["stdin", "stdout"])("is assumed when %s breaks", async (which) => {
    if (which === "stdin") stdin.destroy(new Error("broken"));
    else stdout.destroy(new Error("broken"));
    await pipes.ended;
  });
});
