/** Who is told of what: `routes` of `response.yaml`, and `route_tests`, without which no change of them is safe. Pure. */
export * from "./route.ts";
export * from "./route-test.ts";
