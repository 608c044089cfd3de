/** Checks `hosts` at the call, so that the author gets an error with a stack. The egress thread decides. */

export type Hosts = readonly string[] | undefined;

export function assertHost(hosts: Hosts, { hostname }: Pick<URL, "hostname">): void {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (hosts === undefined || hosts.some((host) => host.replace(/^\[|\]$/g, "").toLowerCase() === name)) return;
  throw new Error(
    `${hostname} is not among hosts = [${hosts.map((host) => JSON.stringify(host)).join(", ")}] of this connector: add it in desk.toml to allow it`,
  );
}
