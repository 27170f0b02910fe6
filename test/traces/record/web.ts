import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Pages by host and path, as `pages["docs.example.org/setup"]`. */
export type Pages = Record<string, string>;

export interface Web {
  /** Address of the proxy through which all hosts are reached. */
  proxy: string;
  close(): void;
}

/** A small internet: an HTTP proxy that answers for all hosts from `pages`. */
export async function web(pages: Pages): Promise<Web> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "none"}`);
    const path = url.pathname === "/" ? "" : url.pathname.replace(/\/$/, "");
    const page = pages[`${url.host}${path}${url.search}`] ?? pages[`${url.host}${path}`];
    const html = page?.trimStart().startsWith("<") === true;
    const type = html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
    response.writeHead(page === undefined ? 404 : 200, { "content-type": type });
    response.end(page ?? "<html><body><h1>404</h1><p>Nothing here.</p></body></html>");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    proxy: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
