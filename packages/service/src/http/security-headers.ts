import type { FastifyInstance } from "fastify";

const PAGE_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/**
 * On every answer. Captured text is hostile: a page runs only scripts of its own origin, data never renders as a page,
 * and nothing of it stays in a cache unless the route said so (static files do).
 */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook("onSend", async (_request, reply) => {
    const type = String(reply.getHeader("content-type") ?? "");
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "no-referrer");
    reply.header("cross-origin-resource-policy", "same-origin");
    reply.header("cross-origin-opener-policy", "same-origin");
    if (!reply.hasHeader("content-security-policy")) {
      reply.header("content-security-policy", type.startsWith("text/html") ? PAGE_POLICY : DATA_POLICY);
    }
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  });
}
