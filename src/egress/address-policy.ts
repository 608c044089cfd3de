/** Which addresses a connector may reach: by name, and by the address that a name resolves to. */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { isPrivateAddress } from "../lib/private-address.ts";
import { EGRESS_LIMITS, type NetworkPolicy } from "../protocol/egress-messages.ts";

export type LookupFunction = (
  host: string,
  options: { readonly all?: boolean | undefined },
  done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/** An error with a code, as the runtime's own network errors have. */
export function networkError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}

/** Hosts as they are written in desk.toml. */
function hostList(hosts: Iterable<string>): string {
  return [...hosts].map((host) => JSON.stringify(isIP(host) === 6 ? `[${host}]` : host)).join(", ");
}

const LOOPBACK = ["127.0.0.1", "::1"];

/** Decides for one connector. Every method throws an error with code EACCES for an address that is not allowed. */
export class AddressPolicy {
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #tcp: ReadonlySet<string>;
  readonly #lookup: typeof systemLookup;

  constructor(policy: NetworkPolicy, lookup: typeof systemLookup = systemLookup) {
    this.#hosts = policy.hosts === undefined ? undefined : new Set(policy.hosts.map(withoutBrackets));
    this.#tcp = new Set(policy.tcp.map((entry) => entry.toLowerCase()));
    this.#lookup = lookup;
  }

  /** Parses the URL and checks its protocol and host. */
  checkUrl(text: string, protocols: readonly string[]): URL {
    if (text.length > EGRESS_LIMITS.urlChars) throw networkError("the URL is too long", "EINVAL");
    if (!URL.canParse(text)) throw networkError("the URL is invalid", "EINVAL");
    const url = new URL(text);
    if (!protocols.includes(url.protocol)) throw networkError(`${url.protocol} is not allowed`, "EACCES");
    this.#checkHost(withoutBrackets(url.hostname));
    return url;
  }

  #checkHost(host: string): void {
    if (this.#hosts !== undefined && !this.#hosts.has(host))
      throw networkError(
        `${host} is not among hosts = [${hostList(this.#hosts)}] of this connector: ${this.#advice(host)}`,
        "EACCES",
      );
    if (isIP(host) !== 0 && isPrivateAddress(host) && this.#hosts?.has(host) !== true)
      throw networkError(
        `${host} is an address of this machine or of a private network: ${this.#advice(host)}`,
        "EACCES",
      );
  }

  /** The line for desk.toml that allows the hosts besides those that are allowed already. */
  #advice(...added: readonly string[]): string {
    const list = hostList([...new Set([...(this.#hosts ?? []), ...added])]);
    return `to allow it, set hosts = [${list}] for this connector in desk.toml; every host that is not listed is refused`;
  }

  /** @throws Error unless `grant` names the address. */
  checkTcp(host: string, port: number): void {
    const name = host.toLowerCase();
    if (this.#tcp.has(`${name}:${port}`) || this.#tcp.has(`[${name}]:${port}`)) return;
    const address = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    throw networkError(
      `${address} is not granted to this connector: add grant = ["tcp:${address}"] to it in desk.toml`,
      "EACCES",
    );
  }

  /**
   * Resolves a host and returns only allowed addresses. Pass it to the connection, so that the checked address is
   * used.
   */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.#lookup(host, { all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const allowed = found.filter(({ address }) => this.#allows(host.toLowerCase(), address));
      const [first] = allowed;
      if (first === undefined) return done(this.#refusal(host, found), []);
      if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };

  #allows(host: string, address: string): boolean {
    if (!isPrivateAddress(address) || this.#hosts?.has(address) === true) return true;
    return host === "localhost" && this.#hosts?.has(host) === true && LOOPBACK.includes(address);
  }

  #refusal(host: string, found: readonly LookupAddress[]): Error {
    const name = host.toLowerCase();
    const address = found[0]?.address ?? "no address";
    const advice = name === "localhost" || isIP(address) === 0 ? this.#advice(name) : this.#advice(name, address);
    return networkError(
      `${host} resolves to ${address}, an address of this machine or of a private network: ${advice}`,
      "EACCES",
    );
  }
}
