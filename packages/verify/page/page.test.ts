import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, requirement } from "../../../test/support/requirements.ts";
import { makeBundle } from "../src/bundle/make-bundle.ts";
import { tarEnd, tarHeader, tarPadding } from "../src/bundle/tar.ts";
import { sha256Hex } from "../src/hash.ts";
import { tampered, timeAt, utf8, World, worldRecord } from "../src/testing/world.ts";
import { pageHtml } from "./build.ts";

const PAGE = new URL("verifier.html", import.meta.url);
const BUILD_MS = 60_000;

it("the page is what its sources make", { timeout: BUILD_MS }, async () => {
  expect(readFileSync(PAGE, "utf8") === (await pageHtml()), "stale: npm run generate").toBe(true);
});

it("the page fetches nothing, by its own policy", () => {
  const html = readFileSync(PAGE, "utf8");
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/unsafe-|<link|<img|src="http/);
});

const { missing } = requirement("chromium");

describe.skipIf(missing)("the page in a browser without a network", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-page-"));
  let world: World;
  let browser: Browser;

  beforeAll(async () => {
    world = new World();
    await world.append(Array.from({ length: 600 }, (_, n) => worldRecord(n)));
    await world.seal(1_000);
    await world.append([
      worldRecord(700, { target: { server: "<img src=x onerror=alert(1)>\u202e", tool: "t" } }),
    ]);
    await world.seal(2_000);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function files(): Promise<Map<string, Uint8Array>> {
    const all = new Map<string, Uint8Array>();
    const page = readFileSync(PAGE);
    for await (const part of makeBundle({
      ledger: world,
      source: world.source,
      policy: world.policy,
      selection: {},
      made: timeAt(0),
      page,
    })) {
      if (part.type === "file") all.set(part.path, part.bytes);
      if (part.type === "done") {
        const listed = [...all].map(([path, bytes]) => ({
          path,
          bytes: bytes.length,
          sha256: sha256Hex(bytes),
        }));
        all.set("manifest.json", utf8(JSON.stringify({ ...part.manifest, files: listed })));
      }
    }
    return all;
  }

  function archived(all: ReadonlyMap<string, Uint8Array>): string {
    const parts = [...all].flatMap(([path, bytes]) => [
      tarHeader(path, bytes.length, 0),
      bytes,
      tarPadding(bytes.length),
    ]);
    const path = join(directory, `${Math.random().toString(36).slice(2)}.tar`);
    writeFileSync(path, Buffer.concat([...parts, tarEnd()]));
    return path;
  }

  async function visit(): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("dialog", (dialog) => faults.push(dialog.message()));
    page.on("console", (message) => (message.type() === "error" ? faults.push(message.text()) : null));
    page.on("request", (request) => (request.url().startsWith("file:") ? null : faults.push(request.url())));
    await page.goto(pathToFileURL(PAGE.pathname).href);
    return { page, faults };
  }

  async function verdict(page: Page): Promise<string> {
    await page.click("button[type=submit]");
    await page.locator("#verdict:not(.busy):not(:empty)").waitFor();
    return (await page.textContent("#verdict")) ?? "";
  }

  it("verifies an archive under a policy", async () => {
    const { page, faults } = await visit();
    await page.setInputFiles("#archive", archived(await files()));
    await page.fill("#policy", world.policyText);
    expect(await verdict(page)).toContain("Verified");
    expect(await page.textContent("#facts")).toContain("601 valid");
    expect(await page.textContent("#facts")).toContain("by w1 at");
    expect(faults).toEqual([]);
  });

  it("verifies a folder, with the policy as a file", async () => {
    const folder = join(directory, "folder");
    for (const [path, bytes] of await files()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    const policy = join(directory, "policy.txt");
    writeFileSync(policy, world.policyText);
    const { page, faults } = await visit();
    await page.setInputFiles("#folder", folder);
    await page.setInputFiles("#policy-file", policy);
    expect(await verdict(page)).toContain("Verified");
    expect(faults).toEqual([]);
  });

  it("says what a bundle without a policy is worth", async () => {
    const { page } = await visit();
    await page.setInputFiles("#archive", archived(await files()));
    expect(await verdict(page)).toContain("agrees with itself");
  });

  it("names what was changed, and hostile text stays text", async () => {
    const before = world.source;
    world.source = await tampered(before, world.place(), {
      rows: (row) =>
        row.index === 600
          ? {
              ...row,
              envelope: utf8(new TextDecoder().decode(row.envelope).replace('"tool":"t"', '"tool":"u"')),
            }
          : row,
    });
    const { page, faults } = await visit();
    await page.setInputFiles("#archive", archived(await files()));
    world.source = before;
    await page.fill("#policy", world.policyText);
    expect(await verdict(page)).toContain("FAILED");
    expect(await page.textContent("#findings")).toContain("MODIFIED");
    expect(faults).toEqual([]);
  });

  it("says what is wrong with what is no bundle, no archive, no policy", async () => {
    const { page, faults } = await visit();
    expect(await verdict(page)).toContain("Choose a bundle");
    const none = join(directory, "none.tar");
    writeFileSync(none, "not an archive");
    await page.setInputFiles("#archive", none);
    expect(await verdict(page)).toContain("no .tar file");
    await page.setInputFiles("#archive", archived(new Map([["a", utf8("b")]])));
    expect(await verdict(page)).toContain("FAILED");
    await page.fill("#policy", "quorum nobody");
    expect(await verdict(page)).toContain("policy can't be used");
    expect(faults).toEqual([]);
  });
});
