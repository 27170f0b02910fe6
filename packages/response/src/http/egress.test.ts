import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createEgress } from "./egress.ts";

const INTERNAL_IPV4 = fc.oneof(
  fc.ipV4().map((text) => text.replace(/^\d+/, "10")),
  fc.ipV4().map((text) => text.replace(/^\d+/, "127")),
  fc.ipV4().map((text) => text.replace(/^\d+\.\d+/, "192.168")),
  fc.ipV4().map((text) => text.replace(/^\d+\.\d+/, "169.254")),
  fc
    .tuple(fc.ipV4(), fc.integer({ min: 16, max: 31 }))
    .map(([text, b]) => text.replace(/^\d+\.\d+/, `172.${b}`)),
  fc
    .tuple(fc.ipV4(), fc.integer({ min: 64, max: 127 }))
    .map(([text, b]) => text.replace(/^\d+\.\d+/, `100.${b}`)),
  fc.tuple(fc.ipV4(), fc.integer({ min: 224, max: 255 })).map(([text, a]) => text.replace(/^\d+/, String(a))),
  fc.ipV4().map((text) => text.replace(/^\d+/, "0")),
);

function number(ipv4: string): number {
  return ipv4.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
function hexGroups(ipv4: string): string {
  const value = number(ipv4);
  return `${Math.floor(value / 65536).toString(16)}:${(value % 65536).toString(16)}`;
}

/** Ways to write an IPv4 address in a URL or a DNS answer. */
const FORMS: ((ipv4: string) => string)[] = [
  (ip) => ip,
  (ip) => String(number(ip)),
  (ip) => `0x${number(ip).toString(16)}`,
  (ip) => `0${number(ip).toString(8)}`,
  (ip) =>
    ip
      .split(".")
      .map((byte) => `0${Number(byte).toString(8)}`)
      .join("."),
  (ip) =>
    ip
      .split(".")
      .map((byte) => `0x${Number(byte).toString(16)}`)
      .join("."),
  (ip) => {
    const [a, ...rest] = ip.split(".");
    return `${a}.${number(`0.${rest.join(".")}`)}`;
  },
  (ip) => `${ip}.`,
  (ip) => `[::ffff:${ip}]`,
  (ip) => `[::FFFF:${hexGroups(ip)}]`,
  (ip) => `[0:0:0:0:0:ffff:${hexGroups(ip)}]`,
  (ip) => `[::${ip}]`,
  (ip) => `[64:ff9b::${hexGroups(ip)}]`,
  (ip) => `[::ffff:0:${hexGroups(ip)}]`,
  (ip) => `[2002:${hexGroups(ip)}::1]`,
];

const egress = createEgress({ allowInternal: [], resolve: async () => ["8.8.8.8"] });
const REFUSED = { code: "TRIPLINE_EGRESS_REFUSED", kind: "permanent" };

test("no way of writing an internal address gets past the check", async () => {
  await fc.assert(
    fc.asyncProperty(INTERNAL_IPV4, fc.constantFrom(...FORMS), async (ip, form) => {
      const { hostname } = new URL(`http://${form(ip)}/`);
      await expect(egress.addresses(hostname)).rejects.toMatchObject(REFUSED);
      // The same as a DNS answer, in forms that a resolver could give.
      const answer = hostname.replace(/^\[(.*)\]$/, "$1");
      const hostile = createEgress({ allowInternal: [], resolve: async () => ["8.8.8.8", answer] });
      await expect(hostile.addresses("rebinding.example")).rejects.toMatchObject(REFUSED);
    }),
    { numRuns: 500 },
  );
});

describe("refused", () => {
  test.each([
    "::1",
    "::",
    "fe80::1%eth0",
    "fe80::1",
    "fec0::1",
    "fd00:ec2::254",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "64:ff9b:1::a00:1",
    "100.100.100.200",
    "168.63.129.16",
    "255.255.255.255",
  ])("%s", async (host) => {
    await expect(egress.addresses(host)).rejects.toMatchObject(REFUSED);
  });
  test("an answer that is no address", async () => {
    const odd = createEgress({ allowInternal: ["odd.example"], resolve: async () => ["not an address"] });
    await expect(odd.addresses("odd.example")).rejects.toMatchObject(REFUSED);
  });
});

test.each([
  "8.8.8.8",
  "1.1.1.1",
  "100.128.0.1",
  "172.32.0.1",
  "2606:4700::1111",
  "64:ff9b::808:808",
  "::ffff:8.8.8.8",
])("%s is public", async (host) => {
  expect(await egress.addresses(host)).toMatchObject([{ address: host }]);
});

test("a public address stays public in every form", async () => {
  const publicIpv4 = fc.ipV4().map((text) => text.replace(/^\d+/, "8"));
  await fc.assert(
    fc.asyncProperty(publicIpv4, fc.constantFrom(...FORMS.slice(0, 13)), async (ip, form) => {
      const { hostname } = new URL(`http://${form(ip)}/`);
      await expect(egress.addresses(hostname)).resolves.toHaveLength(1);
    }),
  );
});

describe("what is listed", () => {
  const answers: Record<string, string[]> = {
    "hooks.corp": ["10.1.2.3"],
    "other.corp": ["10.9.9.9"],
    "v6.corp": ["fd12::1"],
    "meta.corp": ["169.254.169.254"],
  };
  const allowing = (...allowInternal: string[]) =>
    createEgress({ allowInternal, resolve: async (host) => answers[host] ?? [] });

  test.each<[string[], string, boolean]>([
    [["hooks.corp"], "hooks.corp", true],
    [["HOOKS.corp."], "hooks.corp", true],
    [["hooks.corp"], "Hooks.Corp.", true],
    [["*.corp"], "hooks.corp", true],
    [["hooks.corp"], "other.corp", false],
    [["10.1.0.0/16"], "hooks.corp", true],
    [["10.1.0.0/16"], "other.corp", false],
    [["10.1.0.0/16"], "::ffff:10.1.0.9", true],
    [["10.1.2.3"], "10.1.2.3", true],
    [["fd00::/8"], "v6.corp", true],
    [["[fd12::1]"], "[fd12::1]", true],
    [["meta.corp"], "meta.corp", false],
    [["*"], "169.254.169.254", false],
    [["169.254.169.254"], "169.254.169.254", true],
  ])("%j, %s: %j", async (list, host, isAllowed) => {
    const known = answers[host.toLowerCase()] ?? answers[host];
    const found = allowing(...list).addresses(host);
    if (isAllowed) await expect(found).resolves.toHaveLength(known?.length ?? 1);
    else await expect(found).rejects.toMatchObject(REFUSED);
  });
});

test("a name that is not resolved may be tried again, and says nothing of the resolver", async () => {
  const failing = createEgress({
    allowInternal: [],
    resolve: async () => {
      throw new Error("getaddrinfo ENOTFOUND");
    },
  });
  for (const unresolved of [failing, createEgress({ allowInternal: [], resolve: async () => [] })]) {
    await expect(unresolved.addresses("gone.example")).rejects.toMatchObject({
      code: "TRIPLINE_EGRESS_UNREACHED",
      kind: "retriable",
    });
  }
});
