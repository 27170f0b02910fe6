import {
  type API,
  type Base,
  type BaseOptions,
  type Broker,
  type Connection,
  kGetApi,
  kGetConnection,
  type offsetCommitV9,
} from "@platformatic/kafka";

/** The version of a request that the library and the broker both speak. */
export function apiOf<A extends unknown[], R>(client: Base<BaseOptions>, name: string): Promise<API<A, R>> {
  return new Promise((resolve, reject) => {
    client[kGetApi]<A, R>(name, (error, api) => {
      if (api === undefined) reject(error ?? new Error(`no API ${name}`));
      else resolve(api);
    });
  });
}

export function connectionTo(client: Pick<Base, typeof kGetConnection>, broker: Broker): Promise<Connection> {
  return new Promise((resolve, reject) => {
    client[kGetConnection](broker, (error, connection) => {
      if (connection === undefined) reject(error ?? new Error("no connection"));
      else resolve(connection);
    });
  });
}

export function offsetCommitApi(
  client: Base<BaseOptions>,
): Promise<API<offsetCommitV9.OffsetCommitRequest, offsetCommitV9.OffsetCommitResponse>> {
  return apiOf(client, "OffsetCommit");
}
