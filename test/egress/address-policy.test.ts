/** Which addresses a connector may reach, by name and by the address that the name resolves to. */
import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import { EGRESS_LIMITS } from "../../src/protocol/egress-messages.ts";
import { AddressPolicy } from "../../src/egress/address-policy.ts";

const HTTP = ["http:", "https:"];

/** A public address of the machine that runs the desk. */
const OWN = "93.184.216.34";

/** A policy whose names resolve to `addresses`. */
function policy(hosts: readonly string[] | undefined, addresses: readonly string[] = [], tcp: readonly string[] = []) {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  const lookup = (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void): void =>
    done(null, found);
  return new AddressPolicy({ hosts, tcp }, lookup as never, () => ["127.0.0.1", OWN]);
}
function resolve(rules: AddressPolicy, host: string): Promise<unknown> {
  return new Promise((done, fail) =>
    rules.lookup(host, { all: true }, (error, found) => (error === null ? done(found) : fail(error))),
  );
}

describe("an address of a URL", () => {
  it.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    `http://${OWN}/`,
    `http://[::ffff:${OWN}]/`,
  ])("%s is refused if hosts does not name it", (url) => {
    expect(() => policy(undefined).checkUrl(url, HTTP)).toThrow("an address of this machine or of a private network");
    expect(() => policy(["api.example"]).checkUrl(url, HTTP)).toThrow("is not among hosts");
  });

  it("that hosts names is allowed, also in another notation of the same address", () => {
    const rules = policy(["127.0.0.1", "[::1]", "API.example"]);
    for (const url of ["http://127.0.0.1:8/", "http://0x7f.1/", "http://[::1]/", "https://api.example/x"])
      expect(rules.checkUrl(url, HTTP).href).toContain("/");
  });

  it.each(["file:///etc/passwd", "unix:/x", "ftp://a.example/", "not a url", `http://a.example/${"x".repeat(9_000)}`])(
    "that is no HTTP address is refused: %.30s",
    (url) => {
      expect(() => policy(undefined).checkUrl(url, HTTP)).toThrow();
    },
  );
});

describe("the advice of a refusal", () => {
  it.each<[string, readonly string[] | undefined, string, readonly string[], string]>([
    ["localhost without hosts", undefined, "localhost", ["127.0.0.1"], 'hosts = ["localhost"]'],
    ["a private name without hosts", undefined, "gw.example", ["10.0.0.9"], 'hosts = ["gw.example", "10.0.0.9"]'],
    ["a listed name", ["gw.example"], "gw.example", ["fd00::1"], 'hosts = ["gw.example", "[fd00::1]"]'],
  ])("names the line for desk.toml that allows the host: %s", async (_name, hosts, host, addresses, line) => {
    await expect(resolve(policy(hosts, addresses), host)).rejects.toThrow(line);
    const allowed = line
      .slice(line.indexOf("[") + 1, -1)
      .split(", ")
      .map((entry) => entry.slice(1, -1));
    await expect(resolve(policy(allowed, addresses), host)).resolves.toHaveLength(1);
  });
});

describe("a name", () => {
  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.9",
    "172.16.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "::1",
    "fd00::1",
    OWN,
  ])("that resolves to %s is refused although hosts lists the name", async (address) => {
    await expect(resolve(policy(["venue.example"], [address]), "venue.example")).rejects.toThrow(
      `venue.example resolves to ${address}`,
    );
    await expect(resolve(policy(undefined, [address]), "venue.example")).rejects.toMatchObject({ code: "EACCES" });
  });

  it("is dialled only at its public addresses", async () => {
    const rules = policy(undefined, ["127.0.0.1", "8.8.8.8", "::ffff:10.0.0.1"]);
    expect(await resolve(rules, "venue.example")).toEqual([{ address: "8.8.8.8", family: 4 }]);
  });

  it("may resolve to a private address that hosts names as well", async () => {
    const rules = policy(["venue.lan", "192.168.0.9"], ["192.168.0.9"]);
    expect(await resolve(rules, "venue.lan")).toEqual([{ address: "192.168.0.9", family: 4 }]);
  });

  it("localhost is this machine if hosts names it, and no other private address", async () => {
    expect(await resolve(policy(["localhost"], ["127.0.0.1"]), "localhost")).toHaveLength(1);
    await expect(resolve(policy(["localhost"], ["10.0.0.1"]), "localhost")).rejects.toThrow("resolves to 10.0.0.1");
    await expect(resolve(policy(undefined, ["127.0.0.1"]), "localhost")).rejects.toThrow("resolves to 127.0.0.1");
  });
});

describe("a TCP address", () => {
  it("is allowed if grant names host and port", () => {
    const rules = policy(undefined, [], ["127.0.0.1:4002", "[::1]:5"]);
    rules.checkTcp("127.0.0.1", 4002);
    rules.checkTcp("::1", 5);
    expect(() => rules.checkTcp("127.0.0.1", 4003)).toThrow('add grant = ["tcp:127.0.0.1:4003"]');
    expect(() => rules.checkTcp("127.0.0.2", 4002)).toThrow("is not granted");
  });
});

describe("a granted name", () => {
  const dial = (rules: AddressPolicy, host: string, port: number): Promise<unknown> =>
    new Promise((done, fail) =>
      rules.tcpLookup(port)(host, { all: true }, (error, found) => (error === null ? done(found) : fail(error))),
    );

  it.each<[string, { hosts?: string[]; tcp: string[]; host: string; resolves: string; isAllowed: boolean }]>([
    ["a public address", { tcp: ["gw.example:4002"], host: "gw.example", resolves: "8.8.8.8", isAllowed: true }],
    ["a private address", { tcp: ["gw.lan:4002"], host: "gw.lan", resolves: "10.0.0.9", isAllowed: false }],
    ["loopback", { tcp: ["gw.example:4002"], host: "gw.example", resolves: "127.0.0.1", isAllowed: false }],
    ["the metadata address", { tcp: ["gw.lan:80"], host: "gw.lan", resolves: "169.254.169.254", isAllowed: false }],
    [
      "a private address that grant names as well",
      { tcp: ["gw.lan:4002", "10.0.0.9:4002"], host: "GW.lan", resolves: "10.0.0.9", isAllowed: true },
    ],
    [
      "a private address that grant names with another port",
      { tcp: ["gw.lan:4002", "10.0.0.9:4003"], host: "gw.lan", resolves: "10.0.0.9", isAllowed: false },
    ],
    [
      "a private address that hosts names",
      { hosts: ["10.0.0.9"], tcp: ["gw.lan:4002"], host: "gw.lan", resolves: "10.0.0.9", isAllowed: true },
    ],
    ["::1 by grant", { tcp: ["gw.lan:4002", "[::1]:4002"], host: "gw.lan", resolves: "::1", isAllowed: true }],
    ["localhost", { tcp: ["localhost:4002"], host: "localhost", resolves: "127.0.0.1", isAllowed: true }],
    [
      "localhost with a foreign address",
      { tcp: ["localhost:4002"], host: "localhost", resolves: "10.0.0.1", isAllowed: false },
    ],
  ])("that resolves to %s", async (_what, { hosts, tcp, host, resolves, isAllowed }) => {
    const dialled = dial(policy(hosts, [resolves], tcp), host, 4002);
    if (isAllowed) await expect(dialled).resolves.toHaveLength(1);
    else await expect(dialled).rejects.toMatchObject({ code: "EACCES" });
  });

  it("gets the line for desk.toml that allows it", async () => {
    await expect(dial(policy(undefined, ["10.0.0.9"], ["gw.lan:4002"]), "gw.lan", 4002)).rejects.toThrow(
      'add "tcp:10.0.0.9:4002" to grant',
    );
    await expect(dial(policy(undefined, ["::1"], ["gw.lan:4002"]), "gw.lan", 4002)).rejects.toThrow(
      'add "tcp:[::1]:4002" to grant',
    );
  });
});

describe("look-ups that the system has not answered", () => {
  it("are shared by name, and limited in number", async () => {
    const asked = new Map<string, (error: null, found: LookupAddress[]) => void>();
    const lookup = (host: string, _options: object, done: (error: null, found: LookupAddress[]) => void): void => {
      expect(asked.has(host)).toBe(false);
      asked.set(host, done);
    };
    const rules = new AddressPolicy({ tcp: [] }, lookup as never);
    const names = Array.from({ length: EGRESS_LIMITS.pendingLookups }, (_, i) => `h${i}.example`);
    const waiting = names.flatMap((name) => [resolve(rules, name), resolve(rules, name.toUpperCase())]);
    await expect(resolve(rules, "one-more.example")).rejects.toMatchObject({ code: "EAGAIN" });
    expect(asked.size).toBe(names.length);
    for (const done of asked.values()) done(null, [{ address: "8.8.8.8", family: 4 }]);
    expect(await Promise.all(waiting)).toHaveLength(2 * names.length);
    asked.clear();
    const again = resolve(rules, "one-more.example");
    asked.get("one-more.example")?.(null, [{ address: "8.8.4.4", family: 4 }]);
    expect(await again).toEqual([{ address: "8.8.4.4", family: 4 }]);
  });
});
