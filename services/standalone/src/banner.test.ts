import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { banner } from "./banner.ts";

const client = { url: "http://127.0.0.1:4180", token: "tlu_secret", ingest_key: "tlp_secret" };

it("shows the token on a terminal only", () => {
  expect(banner(client, "/data", true)).toContain("http://127.0.0.1:4180/#token=tlu_secret");
  expect(banner(client, "/data", false)).not.toContain("secret");
});

it("names a command that is there, and the data directory where it is not the usual one", () => {
  const own = banner(client, "/srv/tripline", true);
  const [, path = ""] = /Wrap a server: +(\S+) --data \/srv\/tripline proxy/.exec(own) ?? [];
  expect(existsSync(path)).toBe(true);
  expect(own).toContain("npx tripline --data /srv/tripline calls");
  expect(banner(client, process.env.TRIPLINE_HOME ?? join(homedir(), ".tripline"), true)).not.toContain(
    "--data",
  );
});
