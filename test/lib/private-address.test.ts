import { networkInterfaces } from "node:os";
import { expect, it } from "vitest";
import { isPrivateAddress, ownAddresses } from "../../src/lib/private-address.ts";

it.each([
  ["8.8.8.8", false],
  ["93.184.216.34", false],
  ["172.15.0.1", false],
  ["172.31.0.1", true],
  ["100.64.0.1", true],
  ["100.128.0.1", false],
  ["2606:4700::1111", false],
  ["0.0.0.0", true],
  ["255.255.255.255", true],
  ["239.1.1.1", true],
  ["fd00::1", true],
  ["fe80::1", true],
  ["::", true],
  ["64:ff9b::7f00:1", true],
  ["2002:7f00:1::", true],
  ["192.0.2.1", true],
  ["192.88.99.1", true],
  ["198.51.100.1", true],
  ["203.0.113.1", true],
  ["2001:0:7f00:1::1", true],
  ["2001:db8::1", true],
  ["fec0::1", true],
  ["2001:4860:4860::8888", false],
  ["::ffff:10.0.0.1", true],
  ["::ffff:8.8.8.8", false],
  ["::ffff:0:7f00:1", true],
  ["168.63.129.16", true],
  ["168.63.129.17", false],
  ["not an address", true],
])("classifies the address %s as private: %s", (address, expected) => {
  expect(isPrivateAddress(address)).toBe(expected);
});

it.each(["93.184.216.34", "::ffff:93.184.216.34", "2606:2800:220:1::77"])(
  "classifies %s as private on the machine that has this public address",
  (address) => {
    expect(isPrivateAddress(address, () => ["127.0.0.1", "93.184.216.34", "2606:2800:220:1::77"])).toBe(true);
    expect(isPrivateAddress(address, () => ["127.0.0.1"])).toBe(false);
  },
);

it("knows the addresses of every interface of this machine", () => {
  const listed = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  expect(ownAddresses().toSorted()).toEqual(listed.map(({ address }) => address).toSorted());
});
