import type { IncomingHttpHeaders } from "node:http";
import { HttpError } from "../http-error.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const ANY_ADDRESS = ["0.0.0.0", "::", "[::]"];

export interface OriginRules {
  /** the address the server binds to */
  host: string;
  publicHosts: readonly string[];
  allowedOrigins: readonly string[];
}

/**
 * Refuses what a web page may make a browser send behind its user's back.
 * Host: a page that rebinds its own name to 127.0.0.1 sends that name. Origin and Sec-Fetch-Site: other sites' pages,
 * other ports of this machine included, may link here and no more.
 */
export function createOriginCheck(
  rules: OriginRules,
): (method: string, headers: IncomingHttpHeaders) => void {
  const own = ANY_ADDRESS.includes(rules.host)
    ? []
    : [rules.host.includes(":") ? `[${rules.host}]` : rules.host];
  const hosts = new Set([...LOOPBACK_NAMES, ...own, ...rules.publicHosts].map((host) => host.toLowerCase()));
  const origins = new Set(rules.allowedOrigins.map((url) => new URL(url).origin));

  return (method, headers) => {
    const host = headers.host?.toLowerCase() ?? "";
    if (!hosts.has(host) && !hosts.has(host.replace(/:\d+$/, ""))) {
      throw new HttpError(
        421,
        "TRIPLINE_HOST_REFUSED",
        "this name is not served here: add it to --public-hosts if it is yours",
      );
    }
    const { origin } = headers;
    if (origin !== undefined) {
      if (origins.has(origin) || isSameHost(origin, host)) return;
      throw originRefused();
    }
    const site = headers["sec-fetch-site"];
    if (site === undefined || site === "same-origin" || site === "none") return;
    const isLink = headers["sec-fetch-mode"] === "navigate" && (method === "GET" || method === "HEAD");
    if (!isLink) throw originRefused();
  };
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(`http://${host}`).host;
}

function originRefused(): HttpError {
  return new HttpError(
    403,
    "TRIPLINE_ORIGIN_REFUSED",
    "pages of another origin may not call this: add it to --allowed-origins if it is yours",
  );
}
