import { z } from "zod";

export const meAnswer = z.object({
  id: z.string().describe("id of the token; this is who the access records name"),
  tenant: z.string(),
  roles: z.array(z.string()),
});
