import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DAYS = "2";

/** PEM files of a small world of certificates; made by `openssl`, which has to be installed. */
export interface Certificates {
  /** The authority that signed the server's and the client's. */
  ca: string;
  /** An authority that signed nothing. */
  strangerCa: string;
  /** Key and chain in one file, as Kafka's PEM key stores want it; for 127.0.0.1. */
  serverStore: string;
  clientCert: string;
  clientKey: string;
}

/** @param clientName the client's CN: Kafka's principal is `User:CN=<name>` */
export function makeCertificates(directory: string, clientName: string): Certificates {
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe", cwd: directory });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  for (const name of ["ca", "stranger"]) {
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      DAYS,
      "-subj",
      `/CN=${name}`,
    );
  }
  for (const [name, subject] of [
    ["server", "broker"],
    ["client", clientName],
  ]) {
    writeFileSync(
      file(`${name}.ext`),
      name === "server" ? "subjectAltName=IP:127.0.0.1\n" : "extendedKeyUsage=clientAuth\n",
    );
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${subject}`);
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-out", `${name}.pem`, "-days", DAYS, "-extfile", `${name}.ext`],
    );
  }
  const store = file("server-store.pem");
  writeFileSync(store, readFileSync(file("server.key"), "utf8") + readFileSync(file("server.pem"), "utf8"));
  return {
    ca: file("ca.pem"),
    strangerCa: file("stranger.pem"),
    serverStore: store,
    clientCert: file("client.pem"),
    clientKey: file("client.key"),
  };
}
