import { expect, test } from "vitest";
import { webhookHeaders, webhookSecret } from "./standard-webhooks.ts";

test("signs as the reference libraries do", () => {
  // The vector that the reference implementations test themselves with.
  const secret = webhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a test");
  const body = '{"test": 2432232314}';
  expect(webhookHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, secret)).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test.each([
  "",
  "whsec_",
  "whsec_c2hvcnQ=",
  "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  `whsec_${"A".repeat(88)}`,
  "whsec_€",
])("refuses %j without quoting it", (serialized) => {
  let message = "";
  try {
    webhookSecret(serialized, "$HOOK");
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("the webhook secret in $HOOK must be");
  expect(serialized.length > 6 && message.includes(serialized)).toBe(false);
});
