import { z } from "zod";
import { DOCTOR_TOPICS } from "../doctor/doctor.ts";

const whole = z.coerce.number().int().min(0);

export const doctorQuery = z
  .strictObject({
    topic: z.enum(DOCTOR_TOPICS).optional().describe("default: all"),
    partition: whole.optional(),
    from: whole.optional().describe("positions from here on"),
    to: whole.optional().describe("positions before there"),
  })
  .refine(
    ({ topic, partition, from, to }) =>
      (topic !== undefined && partition !== undefined) || (from === undefined && to === undefined),
    {
      error: "positions belong to one partition: name topic and partition too",
    },
  );
