import { expect, it } from "vitest";
import { serverNameOf } from "./server-name.ts";

it.each([
  ["npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /tmp", "server-filesystem"],
  ["npx mcp-server-git", "mcp-server-git"],
  ["node ./dist/notes.js --port 1", "notes"],
  ["/usr/bin/python3 -m my_server", "my_server"],
  ["uv run weather.py", "weather"],
  ["env KEY=x ./bin/serve", "serve"],
  ["node", "server"],
  ["npx", "server"],
])("names the server of %j %s", (line, name) => {
  expect(serverNameOf(line.split(" "))).toBe(name);
});
