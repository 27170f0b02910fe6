import { z } from "zod";
import { placeName, secretPlace } from "../secret-place.ts";
import { webhookHeaders, webhookSecret } from "../standard-webhooks.ts";
import { ocsfFinding } from "./formats/ocsf.ts";
import { post } from "./http-outcome.ts";
import { address, COMMON, notifierKind } from "./kind.ts";
import { webhookBody } from "./webhook-body.ts";

/** JSON to an address of one's own, signed per Standard Webhooks: the receiver checks the signature and knows repeated deliveries. */
export const webhook = notifierKind({
  type: "webhook",
  schema: z.strictObject({
    type: z.literal("webhook"),
    ...COMMON,
    url: address.describe("where it is posted to; redirects are not followed"),
    secret: secretPlace.describe("what it is signed with: whsec_ and the base64 of 24 to 64 bytes"),
    format: z
      .enum(["tripline", "ocsf"])
      .default("tripline")
      .describe("ocsf: an OCSF Detection Finding in place of our own JSON"),
  }),
  create({ name, url, secret, format }, { http, secret: read, now }) {
    const key = () => webhookSecret(read(secret), placeName(secret));
    key();
    return {
      name,
      to: new URL(url).origin,
      notify: (notification, signal) => {
        const body = JSON.stringify(
          format === "ocsf" ? ocsfFinding(notification, now()) : webhookBody(notification),
        );
        const headers = {
          "content-type": "application/json",
          ...webhookHeaders(notification.id, Math.floor(now() / 1000), body, key()),
        };
        return post(http, url, { headers, body, signal }, { now });
      },
    };
  },
});
