import { readFileSync } from "node:fs";
import { definitionHash } from "@tripline/events";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { draftManifest } from "./draft-manifest.ts";
import { manifestJsonSchema } from "./manifest-json-schema.ts";
import { parseManifest } from "./parse-manifest.ts";

it("a drafted manifest approves and pins what was listed, whatever the names", () => {
  const name = fc
    .string({ minLength: 1, maxLength: 40, unit: "binary" })
    .filter((text) => !/[*\p{C}]/u.test(text));
  const tool = fc.record({ name, description: fc.string() });
  const listing = fc.dictionary(
    name,
    fc.uniqueArray(tool, { selector: (each) => each.name.toLowerCase(), maxLength: 5 }),
    {
      maxKeys: 4,
    },
  );
  fc.assert(
    fc.property(listing, (servers) => {
      const names = Object.keys(servers);
      fc.pre(new Set(names.map((each) => each.toLowerCase())).size === names.length);
      const manifest = parseManifest(draftManifest(new Map(Object.entries(servers))), "draft.yaml");
      for (const [server, tools] of Object.entries(servers)) {
        expect(manifest.isApproved(server)).toBe(true);
        for (const each of tools)
          expect(manifest.entryOf(server, each.name).definition).toBe(definitionHash(each));
      }
    }),
    { numRuns: 50 },
  );
});

it("says what each tool is taken for", () => {
  const text = draftManifest(new Map([["mail", [{ name: "send_email" }, { name: "read_inbox" }]]]));
  expect(text).toContain('- match: "send_email" # acts, external_sink');
  expect(text).toContain('- match: "read_inbox" # reads, reads_private, reads_untrusted');
});

it("schemas/manifest.schema.json is what `npm run generate` writes", () => {
  const written = readFileSync(new URL("../../schemas/manifest.schema.json", import.meta.url), "utf8");
  expect(written).toBe(manifestJsonSchema());
});
