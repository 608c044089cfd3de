/**
 * Which IP addresses are not on the public Internet, or are this machine's own: a server's own address may be public.
 * Used for connectors and for feeds.
 */
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** Networks that are not the public Internet. IPv4 addresses that are mapped to IPv6 are checked by the IPv4 rules. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // A service of Azure for its virtual machines alone.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 96],
  ["::ffff:0:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv6");

/** The addresses of the interfaces of this machine. */
export type OwnAddresses = () => readonly string[];

/** Read at each use: a laptop gets other addresses while the desk runs. Empty if the system does not tell them. */
export const ownAddresses: OwnAddresses = () => {
  try {
    return Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? []);
  } catch {
    return [];
  }
};

/** Whether the address is not on the public Internet, or is this machine's; true for a text that is no address. */
export function isPrivateAddress(address: string, own: OwnAddresses = ownAddresses): boolean {
  const family = isIP(address);
  return family === 0 || isIn(PRIVATE, address) || isIn(listOf(own()), address);
}

function listOf(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const address of addresses) list.addAddress(address, typeOf(address));
  return list;
}

/** An IPv4 address that is mapped to IPv6 is checked by the IPv4 rules, too. */
function isIn(list: BlockList, address: string): boolean {
  return list.check(address, typeOf(address));
}

function typeOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
