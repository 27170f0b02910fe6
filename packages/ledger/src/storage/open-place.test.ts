import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { openPlace } from "./open-place.ts";

const SECRET = "made-up-secret-of-a-test";
const env = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "AKIA-TEST", AWS_SECRET_ACCESS_KEY: SECRET };

it("a directory holds each log in one of its own", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-place-"));
  try {
    const place = openPlace(pathToFileURL(directory).href, { env: {} });
    const path = "events/embedded-1/0";
    await place.storageOf(path).write("tile/0/000", Uint8Array.of(1));
    expect(place.addressOf(path)).toBe(join(directory, path));
    expect([...readFileSync(join(directory, path, "tile/0/000"))]).toEqual([1]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

it("a bucket does so below its prefix", () => {
  expect(openPlace("s3://audit-log/tripline/", { env }).addressOf("root")).toBe(
    "https://s3.eu-west-1.amazonaws.com/audit-log/tripline/root",
  );
  const own = { ...env, AWS_ENDPOINT_URL: "http://127.0.0.1:9000/" };
  expect(openPlace("s3://audit-log", { env: own }).addressOf("root")).toBe(
    "http://127.0.0.1:9000/audit-log/root",
  );
});

it("other addresses, and S3 without credentials, are refused without showing any", () => {
  expect(() => openPlace("https://host/x", { env })).toThrow(/file:\/\/\/DIRECTORY or s3/);
  expect(() => openPlace("s3://audit-log", { env: { AWS_SECRET_ACCESS_KEY: SECRET } })).toThrow(
    /^a ledger in S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment$/,
  );
});
