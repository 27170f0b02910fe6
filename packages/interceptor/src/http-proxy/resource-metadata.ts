import { isObject } from "../mcp/json-rpc.ts";

/**
 * OAuth resource metadata (RFC 9728) behind a proxy: it must name the address that clients use, or they refuse the server.
 * Only `resource` and the address of the metadata itself are changed; authorization servers stay who they are.
 */

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
export const MAX_METADATA_BYTES = 256 * 1024; // real documents are below 4 KiB

/** True for the paths that RFC 9728, 3.1 puts the metadata of this origin's resources at. */
export function isResourceMetadata(path: string): boolean {
  const [pathname = ""] = path.split("?", 1);
  return pathname === WELL_KNOWN || pathname.startsWith(`${WELL_KNOWN}/`);
}

/**
 * The document with `resource` set to the public address; null when it is no metadata document, and then it must pass
 * untouched. `signed_metadata` is left out: it is signed over the other address, and would win.
 * @param path the request's, which says whose metadata this is
 */
export function rewriteMetadata(body: Buffer, path: string, upstream: URL, publicUrl: URL): Buffer | null {
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (!isObject(document) || typeof document.resource !== "string") return null;
  const { signed_metadata: _, ...rest } = document;
  const suffix = path.split("?", 1)[0]?.slice(WELL_KNOWN.length) ?? "";
  const ofEndpoint =
    suffix === "" || suffix === "/" || suffix === upstream.pathname || suffix === publicUrl.pathname;
  const resource = ofEndpoint ? textOf(publicUrl) : publicUrl.origin + suffix;
  return Buffer.from(JSON.stringify({ ...rest, resource }));
}

const METADATA_PARAMETER = /(resource_metadata\s*=\s*")([^"]*)(")/gi;

/** A `WWW-Authenticate` value with `resource_metadata` on the public origin, where it was on the server's. */
export function rewriteChallenge(value: string, publicUrl: URL): string {
  return value.replace(METADATA_PARAMETER, (whole, before: string, address: string, after: string) => {
    if (!URL.canParse(address) || !isResourceMetadata(new URL(address).pathname)) return whole;
    const url = new URL(address);
    return `${before}${publicUrl.origin}${url.pathname}${url.search}${after}`;
  });
}

/** Where the metadata of the public endpoint is. */
export function metadataUrl(publicUrl: URL): string {
  const path = publicUrl.pathname === "/" ? "" : publicUrl.pathname;
  return `${publicUrl.origin}${WELL_KNOWN}${path}`;
}

/** RFC 9728 compares addresses as text: an endpoint without a path is written without the slash that URL adds. */
function textOf(url: URL): string {
  return url.pathname === "/" && url.search === "" ? url.origin : url.href;
}
