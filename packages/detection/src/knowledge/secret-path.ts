const SECRET_FILE = new RegExp(
  String.raw`(?:^|[\\/\s'"=:@])(?:` +
    [
      String.raw`\.env(?:\.(?!example|sample|template|dist)[\w-]+)?`,
      "id_(?:rsa|dsa|ecdsa|ed25519)",
      String.raw`\.(?:netrc|pgpass|npmrc|pypirc|git-credentials|htpasswd)`,
      String.raw`\.aws[\\/]credentials`,
      String.raw`\.kube[\\/]config`,
      String.raw`\.docker[\\/]config\.json`,
      String.raw`credentials(?:\.(?:json|ya?ml|ini|toml|txt))?`,
      String.raw`secrets?\.(?:json|ya?ml|toml|ini|txt|env)`,
      String.raw`service[-_]account[\w-]*\.json`,
      String.raw`[\w.-]+\.(?:pem|p12|pfx|kdbx|jks|keystore)`,
      String.raw`(?:private|server|master|host)[\w.-]*\.key`,
      String.raw`etc[\\/]shadow`,
    ].join("|") +
    String.raw`)(?=$|[\s'"?#;|&)])`,
  "i",
);

const MAX_PATH_CHARS = 2048; // longer than any path; commands are searched up to here

/** The part of a path or command that names a file which usually holds keys, or null. */
export function secretPathIn(text: string): string | null {
  const found = SECRET_FILE.exec(text.length > MAX_PATH_CHARS ? text.slice(0, MAX_PATH_CHARS) : text);
  return found === null ? null : found[0].replace(/^[\s'"=:@]/, "");
}
