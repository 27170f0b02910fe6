import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { webhookHeaders, webhookSecret } from "@tripline/response";
import { z } from "zod";
import { CommandFailed, EXIT } from "../exit.ts";

const MAX_BODY_BYTES = 1024 * 1024;

const notificationSchema = z.looseObject({
  data: z.looseObject({ alert_id: z.string(), severity: z.string(), summary: z.string() }),
});
export type ReceivedAlert = z.infer<typeof notificationSchema>["data"];

export interface WebhookReceiver {
  url: string;
  /** For the file that response.yaml names. */
  secret: string;
  close(): Promise<void>;
}

/** On-call's side of a webhook: takes signed alerts on this machine. What is not signed rightly is refused. */
export async function startWebhookReceiver(
  onAlert: (alert: ReceivedAlert) => void,
): Promise<WebhookReceiver> {
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const key = webhookSecret(secret, "the demo");
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const id = String(request.headers["webhook-id"]);
      const expected = webhookHeaders(id, Number(request.headers["webhook-timestamp"]), body, key);
      if (request.headers["webhook-signature"] !== expected["webhook-signature"]) {
        response.writeHead(401).end();
        return;
      }
      response.writeHead(204).end();
      const parsed = notificationSchema.safeParse(JSON.parse(body));
      if (parsed.success) onAlert(parsed.data.data);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new CommandFailed(EXIT.failure, "the webhook receiver has no address");
  }
  return {
    url: `http://127.0.0.1:${address.port}/alerts`,
    secret,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
