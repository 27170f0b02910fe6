import { type InterceptorPolicy, interceptorPolicyFileSchema } from "@tripline/interceptor";
import { FollowedFile, type Part, parseYaml, type ServiceContext } from "@tripline/service";

const ABOUT = { name: "interceptors.yaml", code: "TRIPLINE_INTERCEPTORS_FILE_INVALID" } as const;

/**
 * `interceptors.yaml`: what the operator decided for all interceptors of this collector; without the file, the defaults.
 * `part` follows it. @throws TriplineError TRIPLINE_INTERCEPTORS_FILE_INVALID naming line and path of a mistake
 */
export async function openInterceptorPolicy(
  path: string,
  { logger }: Pick<ServiceContext, "logger">,
): Promise<{ part: Part; policy: () => InterceptorPolicy }> {
  const parse = (text: string) => parseYaml(text, interceptorPolicyFileSchema, ABOUT);
  const file = await FollowedFile.open({ path, parse, logger });
  let state: "starting" | "ready" | "stopped" = "starting";
  return {
    policy: () => file.settings,
    part: {
      name: "interceptor-policy",
      start: async () => {
        file.follow();
        state = "ready";
      },
      stop: async () => {
        await file.stop();
        state = "stopped";
      },
      health: () => (state === "ready" ? file.health() : { state }),
    },
  };
}
