import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { recordJsonSchema, schemaFiles } from "./json-schemas.ts";

const directory = new URL("../../../schemas/", import.meta.url);
const onDisk = readdirSync(directory).filter((name) => name.endsWith(".json"));

describe("schemas/", () => {
  it("is what `npm run generate` writes", () => {
    const files = schemaFiles();
    expect(onDisk.sort()).toEqual(Object.keys(files).sort());
    for (const [name, content] of Object.entries(files)) {
      expect(readFileSync(new URL(name, directory), "utf8"), `${name} is stale: npm run generate`).toBe(
        content,
      );
    }
  });

  it("refers only to files that exist", () => {
    const references = readFileSync(new URL("asyncapi.json", directory), "utf8").matchAll(
      /"\$ref": "\.\/([^"]+)"/g,
    );
    expect([...references].map(([, file]) => file).filter((file) => !onDisk.includes(file ?? ""))).toEqual(
      [],
    );
  });

  it("accepts a call and refuses one that lacks its call part", () => {
    const validate = new Ajv2020({ strict: false }).compile(recordJsonSchema("call"));
    const id = "0192f6a0-0000-7000-8000-000000000000";
    const envelope = {
      v: 1,
      id,
      type: "call",
      time: "2026-11-21T09:30:00.123Z",
      tenant: "acme",
      producer: { id: "gw-1", boot: id, seq: 0 },
      target: { server: "fs", tool: "read_file" },
      call: { id, method: "tools/call", outcome: "ok" },
    };
    expect(validate({ envelope })).toBe(true);
    const { call: _, ...without } = envelope;
    expect(validate({ envelope: without })).toBe(false);
  });
});
