import { isIPv4, isIPv6 } from "node:net";

/** An IP address as a number, whatever way it was written. */
export interface Address {
  family: 4 | 6;
  bits: bigint;
}

export interface AddressRange {
  family: 4 | 6;
  bits: bigint;
  /** Leading bits that count. */
  prefix: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;

/** Reads `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1`, a zone id is dropped; undefined for anything else (a host name). */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bits: ipv4Bits(text) };
  if (!isIPv6(text)) return undefined;
  const [bare = ""] = text.split("%");
  return { family: 6, bits: ipv6Bits(bare) };
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const [base = "", length, ...more] = text.split("/");
  const address = parseAddress(base);
  if (address === undefined || more.length > 0) return undefined;
  if (length === undefined) return { ...address, prefix: WIDTH[address.family] };
  if (!/^\d{1,3}$/.test(length) || Number(length) > WIDTH[address.family]) return undefined;
  return { ...address, prefix: Number(length) };
}

export function isWithin(address: Address, range: AddressRange): boolean {
  if (address.family !== range.family) return false;
  const shift = BigInt(WIDTH[range.family] - range.prefix);
  return address.bits >> shift === range.bits >> shift;
}

// Where an IPv6 address carries an IPv4 one in its last 32 bits: mapped, translated, compatible, NAT64 (RFC 4291, 2765, 6052).
const CARRIES_IPV4 = ["::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b::/96"].flatMap(
  (text) => parseRange(text) ?? [],
);

/** The IPv4 address that a packet to this IPv6 address may end up at. */
export function carriedIpv4(address: Address): Address | undefined {
  if (!CARRIES_IPV4.some((range) => isWithin(address, range))) return undefined;
  return { family: 4, bits: address.bits & 0xffff_ffffn };
}

function ipv4Bits(text: string): bigint {
  return text.split(".").reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function ipv6Bits(text: string): bigint {
  const last = text.slice(text.lastIndexOf(":") + 1);
  const hex = last.includes(".")
    ? `${text.slice(0, -last.length)}${(ipv4Bits(last) >> 16n).toString(16)}:${(ipv4Bits(last) & 0xffffn).toString(16)}`
    : text;
  const [head = "", tail] = hex.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros: string[] = new Array(8 - front.length - back.length).fill("0");
  return [...front, ...zeros, ...back].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
