import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainRequest } from "../../sandbox/plain-request.ts";

/** What the runtime's class makes of the same arguments, or the kind of its error. */
function byRuntime(input: unknown, init: unknown) {
  try {
    const { url, method, headers, redirect } = new Request(input as string, init as RequestInit);
    return { url, hostname: new URL(url).hostname, method, headers: [...headers], redirect };
  } catch {
    return "refused";
  }
}
function byUs(input: unknown, init: unknown) {
  try {
    const facts = plainRequest(input, init as RequestInit);
    return facts === undefined ? "left to the runtime" : { ...facts, headers: [...facts.headers] };
  } catch {
    return "refused";
  }
}

const anyInput = fc.constantFrom<unknown>(
  "http://venue.example/path?a=1#part",
  "HTTP://VENUE.example:80/../x y",
  new URL("https://venue.example/"),
  "http://user:password@venue.example/",
  "//venue.example",
  "",
  7,
);
const anyHeaders = fc.constantFrom<unknown>(
  undefined,
  {},
  { "X-Key": "a ", accept: "b" },
  [
    ["x-a", "1"],
    ["X-A", "2"],
  ],
  new Headers({ "content-type": "application/json" }),
  { "Content-Type": "application/json" },
  { "a b": "c" },
  { "X-B": "2", "x-a": "", _c: "with spaces\tinside", "content-TYPE": "text/csv" },
  { "x-a": "1", "X-A": "2" },
  { "x-a": " \t" },
  { "x-a": "é" },
  { "x-a": "→" },
  { "x-a": 7 },
  { "x-a": undefined },
  { [Symbol("x")]: "1" },
  Object.create(null, { "x-a": { value: "1", enumerable: true } }),
  Object.defineProperty({ "x-b": "2" }, "x-a", { value: "1", enumerable: false }),
  { a: "b\r\nc: d" },
  null,
);
const anyInit = fc.record(
  {
    method: fc.constantFrom<unknown>("GET", "post", "Put", "PATCH", "patch", "delete", "TRACE", "CONNECT", "a b", null),
    headers: anyHeaders,
    body: fc.constantFrom<unknown>(undefined, null, "", "text", "ä", 7, new Uint8Array(2), new URLSearchParams("a=b")),
    redirect: fc.constantFrom<unknown>(undefined, "follow", "manual", "error", "other"),
    signal: fc.constantFrom<unknown>(undefined, null, AbortSignal.abort(), {}),
  },
  { requiredKeys: [] },
);

describe("a request of plain members", () => {
  it("is what the runtime's class makes of it, or is left to that class", () => {
    let plain = 0;
    fc.assert(
      fc.property(anyInput, anyInit, (input, init) => {
        const ours = byUs(input, init);
        if (ours === "left to the runtime") return;
        plain += 1;
        expect(ours).toEqual(byRuntime(input, init));
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it.each([
    ["no arguments but the address", undefined],
    ["null", null],
    ["what ccxt and most adapters pass", { method: "POST", headers: { "x-key": "k" }, body: "{}" }],
    ["a signal", { signal: new AbortController().signal }],
  ])("is read without the class: %s", (_what, init) => {
    expect(byUs("http://venue.example/", init)).toEqual(byRuntime("http://venue.example/", init ?? undefined));
  });

  it.each([
    ["an object of another class", new Request("http://venue.example/")],
    ["a member of another kind", { headers: {}, duplex: "half" }],
    ["a stream as the body", { method: "POST", body: new ReadableStream() }],
  ])("is left to the class: %s", (_what, init) => {
    expect(byUs("http://venue.example/", init)).toBe("left to the runtime");
  });
});
