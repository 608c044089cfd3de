/** A login in one tab begins another session for all tabs. What is left of the session before does not end it. */
import { afterEach, expect, it, vi } from "vitest";
import type { Browser } from "../../src/ui/browser.ts";
import { HttpDeskClient, SIGNED_IN } from "../../src/ui/desk-client.ts";
import type { SessionKey } from "../../src/ui/session-key.ts";

function opened() {
  const kept = new Map([[SIGNED_IN, "old"]]);
  const browser = {
    recall: (name: string) => kept.get(name),
    keep: (name: string, value: string | undefined) =>
      value === undefined ? kept.delete(name) : kept.set(name, value),
    stopwatch: () => () => 0,
    now: () => 0,
  } as unknown as Browser;
  const onSignedOut = vi.fn();
  return { kept, onSignedOut, client: new HttpDeskClient(browser, {} as SessionKey, onSignedOut) };
}

const { signal } = new AbortController();

afterEach(() => vi.unstubAllGlobals());

it("an end of the session before does not reach the page", async () => {
  const { kept, client } = opened();
  let push: (text: string) => void = () => undefined;
  const body = new ReadableStream({
    start: (stream) => void (push = (text) => stream.enqueue(new TextEncoder().encode(text))),
  });
  vi.stubGlobal("fetch", async () => new Response(body));
  const blocks: string[] = [];
  const listening = client.listen((block) => blocks.push(block), signal);
  push("event: hello\ndata: {}\n\n");
  await expect.poll(() => blocks).toHaveLength(1);
  kept.set(SIGNED_IN, "new");
  push("event: ended\ndata: {}\n\n");
  await listening;
  expect(blocks).toHaveLength(1);
});

it.each(["call", "listen"] as const)("a late refusal of the session before does not end this one: %s", async (way) => {
  const { kept, client, onSignedOut } = opened();
  const ask = (): Promise<unknown> => (way === "call" ? client.call("status") : client.listen(() => undefined, signal));
  const refuse = (): Response => new Response("{}", { status: 401 });
  vi.stubGlobal("fetch", async () => {
    kept.set(SIGNED_IN, "new");
    return refuse();
  });
  await expect(ask()).rejects.toThrow();
  expect([kept.get(SIGNED_IN), onSignedOut.mock.calls.length]).toEqual(["new", 0]);
  vi.stubGlobal("fetch", async () => refuse());
  await expect(ask()).rejects.toThrow();
  expect([kept.get(SIGNED_IN), onSignedOut.mock.calls.length]).toEqual([undefined, 1]);
});
