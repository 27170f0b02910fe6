/** The tenant of an installation that enrolled nobody else; alerts about its own log and disk go to it. */
export const LOCAL_TENANT = "local";
/** The producer of the machine that an installation runs on, enrolled at its first start. */
export const LOCAL_PRODUCER = "local";
