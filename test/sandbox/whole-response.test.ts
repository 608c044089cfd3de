import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { responseMaker } from "../../sandbox/whole-response.ts";

const URL_OF_ALL = "http://venue.example/";
const respond = responseMaker();

/** A response of ours, and one of the runtime's class with the same body. */
function pair(text: string | Uint8Array<ArrayBuffer>, status = 200) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const headers = [
    ["content-type", "application/json"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ] as [string, string][];
  const facts = { status, statusText: "Fine", headers, url: URL_OF_ALL, redirected: true };
  const ours = respond(facts, bytes.slice());
  return { ours, runtimes: new Response(bytes, { status, statusText: "Fine", headers }) };
}

async function outcomeOf(read: () => unknown): Promise<unknown> {
  try {
    const value = await read();
    if (value instanceof Response)
      return { status: value.status, headers: [...value.headers], text: await value.text() };
    if (value instanceof ReadableStream) return { locked: value.locked };
    if (value instanceof Blob) return { type: value.type, text: await value.text() };
    if (value instanceof Headers) return [...value];
    return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
  } catch (error) {
    return (error as Error).name;
  }
}

type Step = (response: Response) => unknown;
const STEPS: Readonly<Record<string, Step>> = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: (response) => response.arrayBuffer(),
  blob: (response) => response.blob(),
  formData: (response) => response.formData(),
  clone: (response) => response.clone(),
  body: (response) => response.body,
  locked: (response) => response.body?.getReader().read(),
  cancelled: (response) => response.body?.cancel(),
  bodyUsed: (response) => response.bodyUsed,
  status: (response) => [response.status, response.statusText, response.ok],
  headers: (response) => response.headers,
  cookies: (response) => response.headers.getSetCookie(),
};
const anyText = fc.oneof(
  fc.constantFrom<string | Uint8Array<ArrayBuffer>>(
    '{"a":[1,"ä"]}',
    "\uFEFF{}",
    "not JSON",
    new Uint8Array([0xff, 65]),
  ),
  fc.string({ minLength: 1 }),
);

describe("a response whose body has arrived", () => {
  it("does what one of the runtime's class does, in any order of calls", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText,
        fc.constantFrom(200, 201, 299, 300, 404, 503),
        fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 5 }),
        async (text, status, names) => {
          const { ours, runtimes } = pair(text, status);
          for (const name of names) {
            const step = STEPS[name] as Step;
            expect(await outcomeOf(() => step(ours)), name).toEqual(await outcomeOf(() => step(runtimes)));
          }
          expect(ours.bodyUsed).toBe(runtimes.bodyUsed);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is a Response with the facts that only fetch knows, as is its clone", () => {
    const { ours } = pair("{}");
    for (const response of [ours, ours.clone()]) {
      expect(response).toBeInstanceOf(Response);
      expect(response.constructor).toBe(Response);
      expect(Object.prototype.toString.call(response)).toBe("[object Response]");
      expect([response.url, response.redirected, response.type]).toEqual([URL_OF_ALL, true, "basic"]);
    }
  });

  it.each([
    ["a status", { status: 700, statusText: "", headers: [] }],
    ["a text of the status", { status: 200, statusText: "a\nb", headers: [] }],
    ["a header", { status: 200, statusText: "", headers: [["a b", "c"]] as [string, string][] }],
  ])("is refused as by the runtime's class: %s", (_what, facts) => {
    expect(() => respond({ ...facts, url: URL_OF_ALL, redirected: false }, new Uint8Array(1))).toThrow(Error);
    const { status, statusText, headers } = facts;
    expect(() => new Response("a", { status, statusText, headers })).toThrow(Error);
  });
});
