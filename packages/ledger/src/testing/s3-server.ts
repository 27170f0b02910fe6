import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { S3Credentials } from "../storage/index.ts";
import { goTool } from "./go-tools.ts";

export interface S3Server {
  readonly region: string;
  readonly credentials: S3Credentials;
  /** Makes a bucket, with versions and Object Lock, and returns its address. */
  makeBucket(name: string): Promise<string>;
  /** A signed request, for what the storage does not do. */
  request(method: string, url: string): Promise<Response>;
  stop(): Promise<void>;
}

const REGION = "eu-test-1";
const START_MS = 20_000;

/** A real S3-compatible server (Versity's gateway) over a temporary directory, on loopback. Needs Go. */
export async function startS3Server(port: number): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), "tripline-s3-"));
  for (const name of ["objects", "versions", "metadata"]) mkdirSync(join(directory, name));
  const credentials = { accessKeyId: "tripline-test", secretAccessKey: "only-for-this-test" };
  const base = `http://127.0.0.1:${port}`;
  const server = spawn(
    await goTool("versitygw"),
    [
      ...["--port", `127.0.0.1:${port}`, "--region", REGION, "--quiet", "posix"],
      ...["--versioning-dir", join(directory, "versions"), "--sidecar", join(directory, "metadata")],
      join(directory, "objects"),
    ],
    {
      stdio: "ignore",
      env: {
        ...process.env,
        ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  const ended = once(server, "exit");

  async function request(method: string, url: string, headers: Record<string, string> = {}) {
    const signed = await new AwsV4Signer({
      ...{ method, url, headers, service: "s3", region: REGION },
      ...credentials,
    }).sign();
    return fetch(signed.url, { method, headers: signed.headers });
  }

  await waitFor(
    async () => {
      if (server.exitCode !== null) throw new Error(`versitygw ended with ${server.exitCode}`);
      return (await request("GET", base).catch(() => null))?.status === 200;
    },
    { what: "the S3 server", timeoutMs: START_MS },
  );
  return {
    region: REGION,
    credentials,
    request,
    async makeBucket(name) {
      const answer = await request("PUT", `${base}/${name}`, { "x-amz-bucket-object-lock-enabled": "true" });
      if (!answer.ok) throw new Error(`bucket ${name}: ${answer.status} ${await answer.text()}`);
      return `${base}/${name}`;
    },
    async stop() {
      server.kill();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
