/** A collector that takes everything unread, in a process of its own so that it delays nobody else's event loop. */
import { createServer } from "node:http";

const settings = {
  tenant: "acme",
  producer: "gw-1",
  redaction: { current: "k1", keys: [{ id: "k1", key: "cd".repeat(32) }] },
  revocation_keys: [],
};
let lines = 0;

const server = createServer(async (request, response) => {
  for await (const chunk of request) for (const byte of chunk) if (byte === 10) lines += 1;
  if (request.url === "/v1/records") response.end('{"accepted":0,"refused":[]}');
  else if (request.url === "/v1/interceptor") response.end(JSON.stringify(settings));
  else if (request.url === "/lines") response.end(String(lines));
  else {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("event: loaded\ndata: {}\n\n");
  }
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
