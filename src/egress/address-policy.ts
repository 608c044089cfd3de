/** Which addresses a connector may reach: by name, and by the address that a name resolves to. */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { type OwnAddresses, isPrivateAddress, ownAddresses } from "../lib/private-address.ts";
import { EGRESS_LIMITS, type NetworkPolicy } from "../protocol/egress-messages.ts";

export type LookupFunction = (
  host: string,
  options: { readonly all?: boolean | undefined },
  done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void;

type LookupCallback = (error: Error | null, found: readonly LookupAddress[]) => void;
type Resolver = (host: string) => { readonly allows: (address: string) => boolean; readonly advice: Advice };
/** Says which line of desk.toml allows an address. */
type Advice = (address: string) => string;

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
  readonly #own: OwnAddresses;
  /** Look-ups that the system has not answered: who waits for each name. */
  readonly #pending = new Map<string, LookupCallback[]>();

  constructor(policy: NetworkPolicy, lookup: typeof systemLookup = systemLookup, own: OwnAddresses = ownAddresses) {
    this.#hosts = policy.hosts === undefined ? undefined : new Set(policy.hosts.map(withoutBrackets));
    this.#tcp = new Set(policy.tcp.map((entry) => entry.toLowerCase()));
    this.#lookup = lookup;
    this.#own = own;
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
    if (this.#hosts?.has(host) === true) return;
    if (this.#hosts !== undefined)
      throw networkError(
        `${host} is not among hosts = [${hostList(this.#hosts)}] of this connector: ${this.#advice(host)}`,
        "EACCES",
      );
    if (isIP(host) !== 0 && isPrivateAddress(host, this.#own))
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
    if (this.#isGranted(host.toLowerCase(), port)) return;
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
  readonly lookup: LookupFunction = this.#lookupWith((host) => ({
    allows: (address) => this.#allows(address) || this.#isLocal(host, address, this.#hosts?.has(host) === true),
    advice: (address) =>
      host === "localhost" || isIP(address) === 0 ? this.#advice(host) : this.#advice(host, address),
  }));

  /** The same for a granted TCP address: a private address needs an entry of `grant` or of `hosts` that names it. */
  tcpLookup(port: number): LookupFunction {
    return this.#lookupWith((host) => ({
      allows: (address) =>
        this.#allows(address) || this.#isGranted(address, port) || this.#isLocal(host, address, true),
      advice: (address) => {
        const entry = `"tcp:${isIP(address) === 6 ? `[${address}]` : address}:${port}"`;
        return `to allow it, add ${entry} to grant of this connector in desk.toml`;
      },
    }));
  }

  #lookupWith(resolver: Resolver): LookupFunction {
    return (name, options, done) => {
      const host = name.toLowerCase();
      this.#resolve(host, (error, found) => {
        if (error !== null) return done(error, []);
        const { allows, advice } = resolver(host);
        const allowed = found.filter(({ address }) => allows(address));
        const [first] = allowed;
        if (first === undefined) {
          const address = found[0]?.address ?? "no address";
          const what = `${host} resolves to ${address}, an address of this machine or of a private network`;
          return done(networkError(`${what}: ${advice(address)}`, "EACCES"), []);
        }
        if (options.all === true) done(null, allowed);
        else done(null, first.address, first.family);
      });
    };
  }

  /**
   * Asks the system once for all that wait for a name. A look-up cannot be canceled, and all connectors share the
   * system's threads for them.
   */
  #resolve(host: string, done: LookupCallback): void {
    const waiting = this.#pending.get(host);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    if (this.#pending.size >= EGRESS_LIMITS.pendingLookups) {
      done(networkError(`at most ${EGRESS_LIMITS.pendingLookups} names can be looked up at a time`, "EAGAIN"), []);
      return;
    }
    const callbacks = [done];
    this.#pending.set(host, callbacks);
    this.#lookup(host, { all: true }, (error, found) => {
      this.#pending.delete(host);
      for (const callback of callbacks) callback(error, found);
    });
  }

  #allows(address: string): boolean {
    return !isPrivateAddress(address, this.#own) || this.#hosts?.has(address) === true;
  }

  #isLocal(host: string, address: string, isNamed: boolean): boolean {
    return host === "localhost" && isNamed && LOOPBACK.includes(address);
  }

  #isGranted(host: string, port: number): boolean {
    return this.#tcp.has(`${host}:${port}`) || this.#tcp.has(`[${host}]:${port}`);
  }
}
