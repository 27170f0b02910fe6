import { lookup } from "node:dns/promises";
import { TriplineError } from "@tripline/events";
import { globMatches } from "../glob.ts";
import {
  type Address,
  type AddressRange,
  carriedIpv4,
  isWithin,
  parseAddress,
  parseRange,
} from "./address.ts";
import { reachOf } from "./reach.ts";

export interface EgressOptions {
  /**
   * What may be reached although it is internal: host names (`*` stands for anything), addresses, ranges (`10.1.0.0/16`). A name
   * lets in loopback and private addresses; reserved ones, as a cloud's metadata service, only an address or range does.
   */
  allowInternal: readonly string[];
  /** All addresses of a host name; default: the system's resolver. */
  resolve?: (host: string) => Promise<string[]>;
}

/** Where a connection may go: an address that was checked, to be connected to as it is, so that no second DNS answer counts. */
export interface CheckedAddress {
  address: string;
  family: 4 | 6;
}

/** Decides which hosts may be connected to. Everything of this package that opens a connection asks it. */
export interface Egress {
  /**
   * The addresses of a host, given as a name or an address (IPv6 with or without brackets); at least one.
   * @throws TriplineError TRIPLINE_EGRESS_REFUSED when any of them is internal and not allowed, TRIPLINE_EGRESS_UNREACHED when
   * the name has none now
   */
  addresses(host: string): Promise<CheckedAddress[]>;
}

export function createEgress({ allowInternal, resolve = systemResolve }: EgressOptions): Egress {
  const allowed = readAllowed(allowInternal);
  return {
    addresses: async (given) => {
      const host = plainHost(given);
      const found = parseAddress(host) === undefined ? await resolved(host, resolve) : [host];
      return found.map((text) => {
        const address = parseAddress(text);
        if (address === undefined || !mayReach(host, address, allowed)) throw refused(host);
        return { address: text, family: address.family };
      });
    },
  };
}

interface Allowed {
  names: string[];
  ranges: AddressRange[];
}

function readAllowed(entries: readonly string[]): Allowed {
  const names: string[] = [];
  const ranges: AddressRange[] = [];
  for (const entry of entries) {
    const range = parseRange(entry);
    if (range === undefined) names.push(plainHost(entry));
    else ranges.push(range);
  }
  return { names, ranges };
}

function mayReach(host: string, address: Address, { names, ranges }: Allowed): boolean {
  const reach = reachOf(address);
  if (reach === "public") return true;
  const carried = carriedIpv4(address);
  const isListed = ranges.some(
    (range) => isWithin(address, range) || (carried !== undefined && isWithin(carried, range)),
  );
  return isListed || (reach === "private" && names.some((name) => globMatches(name, host)));
}

/** One spelling of a host: lower case, no brackets, no dot at the end. */
function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

async function resolved(host: string, resolve: (host: string) => Promise<string[]>): Promise<string[]> {
  const found = await resolve(host).catch((cause: unknown) => {
    throw unreached(host, "its name was not resolved", cause);
  });
  if (found.length === 0) throw unreached(host, "its name has no address");
  return found;
}

async function systemResolve(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** The host is from the operator's own settings; the address it leads to is not told, since that maps the network. */
function refused(host: string): TriplineError {
  return new TriplineError(
    "TRIPLINE_EGRESS_REFUSED",
    `${host} leads to an internal address; list it in egress.allow_internal of response.yaml if that is meant`,
  );
}

function unreached(host: string, why: string, cause?: unknown): TriplineError {
  return new TriplineError("TRIPLINE_EGRESS_UNREACHED", `${host} was not reached: ${why}`, {
    kind: "retriable",
    cause,
  });
}
