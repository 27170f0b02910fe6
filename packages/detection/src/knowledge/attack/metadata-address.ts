/** Addresses under which clouds hand out a machine's credentials (AWS, Azure, GCP, Alibaba, Oracle, ECS), in any notation. */
const NAMES =
  /(?:^|[/@\s"'=]|\\\\)(?:metadata\.google\.internal|metadata\.goog|metadata\.azure\.internal|instance-data(?:\.ec2\.internal)?|100\.100\.100\.200|192\.0\.0\.192|\[?fd00:ec2::254\]?|\[?::ffff:(?:169\.254\.169\.254|a9fe:a9fe)\]?|169\.254\.(?:169\.254|170\.2|170\.23)(?:\.nip\.io|\.xip\.io|\.sslip\.io)?)(?![\w.-])/i;
const HOST_OF_URL = /(?:https?|ftp|gopher):\/\/(?:[^/?#\s@]{0,256}@)?([^/?#\s:"']{1,256})/gi;
const METADATA = 0xa9fea9fe; // 169.254.169.254

export function isMetadataAddress(text: string): boolean {
  if (NAMES.test(text)) return true;
  for (const [, host = ""] of text.matchAll(HOST_OF_URL)) if (addressOf(host) === METADATA) return true;
  return false;
}

/** An IPv4 address as inet_aton reads it (decimal, octal, hex, one to four parts); null for a name. */
export function addressOf(host: string): number | null {
  const parts = host.replace(/\.$/, "").split(".");
  if (parts.length > 4) return null;
  let address = 0;
  for (const [index, part] of parts.entries()) {
    const value = numberOf(part);
    if (value === null) return null;
    const isLast = index === parts.length - 1;
    const limit = isLast ? 256 ** (5 - parts.length) : 256;
    if (value >= limit) return null;
    address = isLast ? address * 256 ** (5 - parts.length) + value : address * 256 + value;
  }
  return address;
}

function numberOf(part: string): number | null {
  if (/^0x[0-9a-f]{1,8}$/i.test(part)) return Number.parseInt(part, 16);
  if (/^0[0-7]{1,11}$/.test(part)) return Number.parseInt(part, 8);
  return /^\d{1,10}$/.test(part) ? Number(part) : null;
}
