import type { Server } from "node:http";

export interface ReferenceServer {
  /** The MCP endpoint. */
  url: string;
  close(): Promise<void>;
}

export function startHttp(server: Server): Promise<ReferenceServer> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("the server has no address"));
        return;
      }
      resolve({
        url: `http://127.0.0.1:${address.port}/mcp`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
