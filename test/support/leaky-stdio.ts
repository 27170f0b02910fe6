/** `createLeakyServer` over stdio; what it leaks is in the variable LEAKS. */
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createLeakyServer } from "./leaky-server.ts";

await createLeakyServer(JSON.parse(process.env.LEAKS ?? "{}")).connect(new StdioServerTransport());
