import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EFFECTS, namesOf } from "./effects.ts";
import { globTest } from "./glob.ts";
import { NO_MANIFEST } from "./manifest.ts";
import { parseManifest } from "./parse-manifest.ts";
import { profileOfName } from "./tool-profile.ts";

const text = `
manifest: 1
approved_servers: [github, "files-*"]
internal_hosts: [Acme.example]
known_destinations: [partner.example, billing@vendor.example]
servers:
  - match: "*"
    risk: low
    tools:
      - match: "delete_*"
        risk: high
        limits: { calls_per_minute: 5 }
  - match: [github, files-eu]
    owner: platform@acme.example
    trust_annotations: true
    tools:
      - match: run_report
        acts: false
        effects: { add: [reads_private], remove: [code] }
        arguments: { target: destination }
      - match: delete_repo
        risk: critical
        limits: { max_args_bytes: 1000 }
        definition: "${"a".repeat(64)}"
`;

describe("a manifest", () => {
  const manifest = parseManifest(text, "manifest.yaml");

  it("says which servers are approved, trusted and whose", () => {
    expect(["github", "GitHub", "files-eu", "files", "evil"].map(manifest.isApproved)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(["github", "files-us"].map(manifest.isTrusted)).toEqual([true, false]);
    expect(manifest.ownerOf("files-eu")).toBe("platform@acme.example");
    expect(NO_MANIFEST.isApproved("github")).toBeNull();
  });

  it("adds up what several entries say of a tool, the later winning", () => {
    expect(manifest.entryOf("github", "delete_repo")).toMatchObject({
      risk: "critical",
      limits: { calls_per_minute: 5, max_args_bytes: 1000 },
      definition: "a".repeat(64),
    });
    expect(manifest.entryOf("other", "delete_repo")).toMatchObject({ risk: "high" });
    expect(manifest.entryOf("other", "read").risk).toBe("low");
  });

  it("corrects what names say", () => {
    const profile = manifest.entryOf("github", "run_report").corrected(profileOfName("run_report"));
    expect(profile.acts).toBe(false);
    expect(namesOf(EFFECTS, profile.effects)).toEqual(["reads_private"]);
    expect(profile.roles?.get("target")).toBe("destination");
  });

  it("knows hosts with what lies below them, and single addresses", () => {
    const known = (host: string, value = host): boolean | null =>
      manifest.isKnownDestination({ host, value });
    expect(known("api.partner.example")).toBe(true);
    expect(known("notpartner.example")).toBe(false);
    expect(known("vendor.example", "billing@vendor.example")).toBe(true);
    expect(known("vendor.example", "else@vendor.example")).toBe(false);
    expect(NO_MANIFEST.isKnownDestination({ host: "x", value: "x" })).toBeNull();
  });

  it("has another hash when it says something else, and the same for the same", () => {
    expect(parseManifest(`${text}\n# a remark`, "x").hash).toBe(manifest.hash);
    expect(parseManifest(text.replace("partner", "parter"), "x").hash).not.toBe(manifest.hash);
  });

  it.each([
    ["manifest: 2", /^m\.yaml:1: manifest: /],
    ["manifest: 1\nservers:\n  - match: x\n    onwer: me\n", /^m\.yaml:4: servers\.0\.onwer: /],
    [
      "manifest: 1\nservers:\n  - match: x\n    tools:\n      - match: y\n        effects: { add: [monye] }\n",
      /^m\.yaml:6: .*money/,
    ],
    ["manifest: 1\nservers: [", /^m\.yaml:\d+: /],
    ["manifest: 1\nservers: *x", /^m\.yaml:1: YAML aliases/],
    ["", /^m\.yaml:1: the manifest: /],
  ])("says where %j is wrong", (wrong, message) => {
    expect(() => parseManifest(wrong, "m.yaml")).toThrow(
      expect.objectContaining({ code: "TRIPLINE_MANIFEST_INVALID", message: expect.stringMatching(message) }),
    );
  });
});

it("a glob matches what its regular expression would", () => {
  const piece = fc.stringMatching(/^[ab*]{0,8}$/);
  fc.assert(
    fc.property(piece, fc.stringMatching(/^[ab]{0,12}$/), (pattern, name) => {
      const expected = new RegExp(`^${pattern.replace(/\*+/g, ".*")}$`).test(name);
      expect(globTest([pattern])(name)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
