/** Names of hosts in desk.toml. Adapters are compared with the whole name, so any other form would never match. */

const HOST_NAME =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$|^\[[0-9a-f:.]+\]$/;

/** Returns what is wrong with a host, with the right form; undefined if it is a host name. */
export function hostProblem(host: string): string | undefined {
  if (HOST_NAME.test(host)) return undefined;
  if (host.startsWith("*.")) {
    const name = host.slice(2);
    return `must be a whole host name: patterns match nothing; list each host, such as "api.${name}"`;
  }
  const name = hostIn(host);
  return name === undefined
    ? 'must be a host name such as "api.example.com"'
    : `must be a host name alone, without scheme, port or path: write "${name}"`;
}

/** The host name in an address; undefined if it has none. */
export function hostIn(address: string): string | undefined {
  const url = address.includes("://") ? address : `https://${address}`;
  const name = URL.canParse(url) ? new URL(url).hostname : "";
  return HOST_NAME.test(name) ? name : undefined;
}
