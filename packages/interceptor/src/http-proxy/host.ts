/** Which names this proxy answers to, where it does not leave that check to the server (DNS rebinding). */

export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * Bound to loopback: only loopback names and the public one. Bound to anything else with a public URL: also only those
 * and the address itself. Without one nobody can know the machine's names, and all are taken.
 */
export function hostCheck(
  listenHost: string,
  port: number,
  publicUrl: URL | undefined,
): (host: string | undefined) => boolean {
  const names = new Set<string>();
  for (const name of ["localhost", "127.0.0.1", "[::1]", bracketed(listenHost)]) {
    names.add(`${name}:${port}`);
    if (port === 80) names.add(name);
  }
  if (publicUrl !== undefined) names.add(publicUrl.host.toLowerCase());
  if (!isLoopback(listenHost) && publicUrl === undefined) return () => true;
  return (host) => host !== undefined && names.has(host.toLowerCase());
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host.toLowerCase();
}
