import { config } from "zod";

/** The page's policy lets no text become code: zod must not even try. Imported before any schema is made. */
config({ jitless: true });
