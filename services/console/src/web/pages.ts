import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

const WEB_FOLDER = fileURLToPath(new URL("../../web/", import.meta.url));

/**
 * Scripts and styles only from here, no string is ever made into markup or code (trusted types without a policy), no
 * framing, nothing sent elsewhere.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The page and its script and style, under `/`. Nothing in them is secret: the data needs a token. */
export async function pages(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: WEB_FOLDER,
    prefix: "/",
    index: ["index.html"],
    wildcard: false, // only files that are there; anything else is another service's route or a 404
    cacheControl: false,
    setHeaders: (reply) => {
      reply.header("content-security-policy", PAGE_POLICY);
      reply.header("cache-control", "no-cache"); // revalidated by ETag: a new version shows at once
      reply.header("permissions-policy", "camera=(), microphone=(), geolocation=(), clipboard-read=()");
    },
  });
}
