import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requirement } from "../../../../../test/support/requirements.ts";
import { GO_BUILD_MS } from "../../testing/go-tools.ts";
import { entriesFrom, openTestLog } from "../../testing/logs.ts";
import { type S3Server, startS3Server } from "../../testing/s3-server.ts";
import { storageContract } from "../storage-contract.ts";
import { S3Storage, type S3StorageOptions } from "./s3-storage.ts";

const PORT = 20_710;
const text = (value: string) => new TextEncoder().encode(value);

describe.skipIf(requirement("go").missing)("a real S3 server", () => {
  let server: S3Server;
  let bucketUrl: string;
  let places = 0;
  beforeAll(async () => {
    server = await startS3Server(PORT);
    bucketUrl = await server.makeBucket("ledger");
  }, GO_BUILD_MS);
  afterAll(() => server?.stop());

  const options = (): S3StorageOptions => ({
    bucketUrl,
    region: server.region,
    credentials: () => server.credentials,
    prefix: `place-${places}/events-0/`,
  });

  storageContract("S3", {
    place: async () => {
      places++;
      return { open: () => new S3Storage(options()), done: async () => undefined };
    },
  });

  it("keeps full tiles from removal, and lets partial ones go", async () => {
    places++;
    const storage = new S3Storage({ ...options(), retention: { mode: "COMPLIANCE", days: 400 } });
    const log = await openTestLog({ storage });
    await log.append(0, entriesFrom(0, 300));
    await log.checkpoint();
    const url = (path: string) => `${bucketUrl}/place-${places}/events-0/${path}`;
    const versionOf = async (path: string) => {
      const answer = await server.request("HEAD", url(path));
      return {
        id: answer.headers.get("x-amz-version-id") ?? "",
        mode: answer.headers.get("x-amz-object-lock-mode"),
      };
    };
    const full = await versionOf("tile/entries/000");
    const partial = await versionOf("tile/entries/001.p/44");
    expect([full.mode, partial.mode]).toEqual(["COMPLIANCE", null]);
    const until = (await server.request("HEAD", url("tile/0/000"))).headers.get(
      "x-amz-object-lock-retain-until-date",
    );
    const days = (Date.parse(until ?? "") - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(399);
    expect(days).toBeLessThan(401);
    const removed = (path: string, id: string) =>
      server.request("DELETE", `${url(path)}?versionId=${encodeURIComponent(id)}`);
    expect((await removed("tile/entries/000", full.id)).status).toBe(403);
    expect((await removed("tile/entries/001.p/44", partial.id)).status).toBe(204);
    await log.append(300, entriesFrom(300, 300));
    await log.checkpoint();
    expect(await storage.list("tile/0/001.p/")).toEqual([]);
  });

  it("says what was refused, without the secret", async () => {
    const wrong = { ...server.credentials, secretAccessKey: "not-the-secret" };
    const storage = new S3Storage({ ...options(), credentials: () => wrong });
    const refused = storage.read("checkpoint");
    await expect(refused).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_REFUSED",
      message: expect.stringMatching(/HTTP 403, SignatureDoesNotMatch/),
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("not-the-secret") });
  });
});

describe("an S3 server that has troubles", () => {
  let server: Server;
  let bucketUrl: string;
  const objects = new Map<string, Buffer>();
  /** What the next requests meet: an answer before anything was done, or the loss of the answer after it was. */
  let troubles: (number | "lost" | "none")[] = [];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const key = request.url ?? "";
      const trouble = troubles.shift();
      if (typeof trouble === "number") return response.writeHead(trouble).end();
      const known = objects.get(key);
      const etag = (bytes: Buffer) => `"${bytes.toString("hex")}"`;
      const { "if-match": match, "if-none-match": none } = request.headers;
      const fails =
        (none === "*" && known !== undefined) ||
        (match !== undefined && (known === undefined || etag(known) !== match));
      let status = 200;
      if (request.method === "PUT" && fails) status = 412;
      else if (request.method === "PUT") objects.set(key, Buffer.concat(chunks));
      else if (known === undefined) status = 404;
      if (trouble === "lost") return request.socket.destroy();
      return response
        .writeHead(status, known ? { etag: etag(known) } : {})
        .end(request.method === "GET" ? known : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    bucketUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`;
  });
  afterAll(() => server.close());

  const storageOf = (prefix: string) =>
    new S3Storage({
      bucketUrl,
      prefix,
      region: "eu-test-1",
      credentials: () => ({ accessKeyId: "a", secretAccessKey: "b" }),
    });

  it("is asked again when it is busy", async () => {
    const storage = storageOf("busy/");
    troubles = [503, 500, 429];
    await storage.write("tile/0/000", text("x"));
    troubles = [503];
    expect(await storage.read("tile/0/000")).toEqual(text("x"));
  });

  it("is believed to have written when only the answer was lost", async () => {
    const storage = storageOf("lost/");
    troubles = ["lost"];
    await storage.write("tile/0/000", text("x"));
    expect(await storage.replace("checkpoint", null, text("1"))).toBe(true);
    troubles = ["none", "lost"]; // it reads what is there, and then writes
    expect(await storage.replace("checkpoint", text("1"), text("2"))).toBe(true);
    expect(await storage.read("checkpoint")).toEqual(text("2"));
  });

  it("is given up when it stays away, with an error that may be tried again", async () => {
    troubles = [503, 503, 503, 503, 503];
    await expect(storageOf("away/").read("checkpoint")).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_UNAVAILABLE",
      kind: "retriable",
    });
  });

  it("is refused a prefix that could name something else", () => {
    for (const prefix of ["a", "/a/", "a?b/", "a b/", "a/../b/", "./"])
      expect(() => storageOf(prefix)).toThrow(expect.objectContaining({ code: "TRIPLINE_LEDGER_INVALID" }));
  });
});
