import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A time-stamping authority made with `openssl`, for tests: a root, and a key for timestamps that it certified. */
export interface TimestampAuthority {
  directory: string;
  /** PEM of the root. */
  root: string;
  /** TimeStampResp for a TimeStampReq. */
  reply(request: Uint8Array): Uint8Array;
  /** A certificate by the root with these extensions, as PEM. */
  certify(name: string, extensions: string, days?: number): string;
  remove(): void;
}

export type KeyKind = "rsa" | "ec";

const KEY_ARGS = {
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  ec: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
};
const TSA_EXTENSIONS =
  "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n";

export function makeTimestampAuthority(
  options: { key?: KeyKind; intermediate?: boolean; digest?: string } = {},
): TimestampAuthority {
  const { key = "ec", intermediate = false, digest = "sha256" } = options;
  const directory = mkdtempSync(join(tmpdir(), "tsa-"));
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  const newKey = (name: string) => openssl("genpkey", ...KEY_ARGS[key], "-out", at(`${name}.key`));
  const certify = (name: string, issuer: string, extensions: string, days = 30) => {
    newKey(name);
    writeFileSync(at(`${name}.ext`), extensions);
    openssl("req", "-new", "-key", at(`${name}.key`), "-subj", `/CN=${name}`, "-out", at(`${name}.csr`));
    openssl(
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      "-CA",
      at(`${issuer}.pem`),
      "-CAkey",
      at(`${issuer}.key`),
      "-CAcreateserial",
      "-days",
      String(days),
      "-extfile",
      at(`${name}.ext`),
      "-out",
      at(`${name}.pem`),
    );
    return readFileSync(at(`${name}.pem`), "utf8");
  };

  newKey("root");
  openssl(
    "req",
    "-x509",
    "-key",
    at("root.key"),
    "-subj",
    "/CN=root",
    "-days",
    "30",
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign",
    "-out",
    at("root.pem"),
  );
  if (intermediate)
    certify(
      "between",
      "root",
      "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n",
    );
  certify("tsa", intermediate ? "between" : "root", TSA_EXTENSIONS);
  const chain = intermediate ? readFileSync(at("between.pem"), "utf8") : "";
  writeFileSync(at("chain.pem"), chain);
  writeFileSync(
    at("tsa.cnf"),
    [
      "[tsa]",
      "default_tsa = this",
      "[this]",
      `serial = ${at("serial")}`,
      "crypto_device = builtin",
      "default_policy = 1.2.3.4.1",
      "digests = sha256, sha512",
      `signer_digest = ${digest}`,
      "accuracy = secs:1, millisecs:500, microsecs:100",
      "",
    ].join("\n"),
  );
  writeFileSync(at("serial"), "01\n");
  return {
    directory,
    root: readFileSync(at("root.pem"), "utf8"),
    reply: (request) => {
      writeFileSync(at("request.tsq"), request);
      const chainArgs = intermediate ? ["-chain", at("chain.pem")] : [];
      openssl(
        "ts",
        "-reply",
        "-config",
        at("tsa.cnf"),
        "-queryfile",
        at("request.tsq"),
        "-signer",
        at("tsa.pem"),
        "-inkey",
        at("tsa.key"),
        ...chainArgs,
        "-out",
        at("response.tsr"),
      );
      return Uint8Array.from(readFileSync(at("response.tsr")));
    },
    certify: (name, extensions, days) => certify(name, "root", extensions, days),
    remove: () => rmSync(directory, { recursive: true }),
  };
}
