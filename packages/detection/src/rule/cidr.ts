import { BlockList, isIP } from "node:net";
import { RuleProblem } from "./rule-problem.ts";

/** Compiles a network in CIDR form into a test of address texts. (`node:net` here only knows how addresses are written.) */
export function cidrTest(value: string, path: readonly PropertyKey[]): (text: string) => boolean {
  const [address = "", prefix = ""] = value.split("/");
  const family = isIP(address);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (family === 0 || bits < 0 || bits > (family === 4 ? 32 : 128)) {
    throw new RuleProblem(path, "expected a network such as 10.0.0.0/8 or fd00::/8");
  }
  const network = new BlockList();
  network.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  return (text) => {
    const found = isIP(text);
    return found !== 0 && network.check(text, found === 4 ? "ipv4" : "ipv6");
  };
}
