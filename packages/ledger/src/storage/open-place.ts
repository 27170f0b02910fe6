import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LedgerError } from "../errors.ts";
import { FileStorage } from "./files/file-storage.ts";
import type { S3Credentials } from "./s3/s3-client.ts";
import { type Retention, S3Storage } from "./s3/s3-storage.ts";
import type { LedgerStorage } from "./storage.ts";

/** Where all logs of an installation are, each in a directory of its own. */
export interface LedgerPlace {
  /** For people: the directory or address of a log's files. @param path as in the catalog; "" for the ledger itself */
  addressOf(path: string): string;
  storageOf(path: string): LedgerStorage;
}

export interface PlaceOptions {
  /** Of S3, as its tools have them: AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
  env: Readonly<Record<string, string | undefined>>;
  /** For full tiles in S3; default: none. */
  retention?: Retention;
}

const DEFAULT_REGION = "us-east-1";

/**
 * @param url `file:///DIRECTORY` or `s3://BUCKET/PREFIX`
 * @throws LedgerError TRIPLINE_LEDGER_INVALID for another address, or S3 without credentials
 */
export function openPlace(url: string, options: PlaceOptions): LedgerPlace {
  if (url.startsWith("file:")) return filesIn(fileURLToPath(url));
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*))?$/.exec(url) ?? [];
  if (bucket === undefined)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      "a ledger is at file:///DIRECTORY or s3://BUCKET/PREFIX",
    );
  return objectsIn(bucket, prefix.replace(/\/+$/, ""), options);
}

function filesIn(directory: string): LedgerPlace {
  return {
    addressOf: (path) => join(directory, path),
    storageOf: (path) => new FileStorage(join(directory, path)),
  };
}

function objectsIn(bucket: string, prefix: string, { env, retention }: PlaceOptions): LedgerPlace {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? DEFAULT_REGION;
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`;
  const bucketUrl = `${endpoint.replace(/\/+$/, "")}/${bucket}`;
  const below = (path: string): string => [prefix, path].filter((part) => part !== "").join("/");
  const credentials = (): S3Credentials => credentialsIn(env);
  credentials();
  return {
    addressOf: (path) => `${bucketUrl}/${below(path)}`,
    storageOf: (path) =>
      new S3Storage({
        ...{ bucketUrl, region, credentials, prefix: below(path) === "" ? "" : `${below(path)}/` },
        ...(retention === undefined ? {} : { retention }),
      }),
  };
}

function credentialsIn(env: PlaceOptions["env"]): S3Credentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      "a ledger in S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
    );
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  };
}
