import { type Address, carriedIpv4, isWithin, parseRange } from "./address.ts";

/**
 * Where an address leads. `private`: a network of one's own, where receivers may well live. `reserved`: nothing that an
 * operator means by a host name (metadata services, link-local, multicast, documentation, unassigned).
 */
export type Reach = "public" | "private" | "reserved";

function ranges(...texts: string[]) {
  return texts.flatMap((text) => parseRange(text) ?? []);
}

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
const PRIVATE = ranges(
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10", // carrier-grade NAT
  "::1/128",
  "fc00::/7", // unique local
);
const RESERVED = ranges(
  "0.0.0.0/8",
  "169.254.0.0/16", // link-local; most clouds' metadata service
  "100.100.100.200/32", // Alibaba Cloud's metadata service, within the range of carrier-grade NAT
  "168.63.129.16/32", // Azure's platform service
  "fd00:ec2::/32", // AWS's metadata service, within unique local
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "2001::/23", // Teredo, ORCHID and other special purposes
  "2001:db8::/32",
  "2002::/16", // 6to4: ends at any IPv4 address
  "3fff::/20",
);
const GLOBAL_UNICAST = ranges("2000::/3");

export function reachOf(address: Address): Reach {
  if (RESERVED.some((range) => isWithin(address, range))) return "reserved";
  if (PRIVATE.some((range) => isWithin(address, range))) return "private";
  if (address.family === 4) return "public";
  const carried = carriedIpv4(address);
  if (carried !== undefined) return reachOf(carried);
  return GLOBAL_UNICAST.some((range) => isWithin(address, range)) ? "public" : "reserved";
}
