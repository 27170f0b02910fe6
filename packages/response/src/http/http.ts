/** PEM text for a server of one's own making. */
export interface HttpTls {
  /** Trusted instead of the public authorities. */
  ca?: string;
  /** The client's certificate and its key, where the server asks for one. */
  cert?: string;
  key?: string;
}

export interface HttpRequest {
  method: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal: AbortSignal;
  /** For the whole exchange; default 15 s. */
  timeoutMs?: number;
  tls?: HttpTls;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** At most 64 KB of UTF-8; what is beyond is cut off. Anything the other side wrote: hostile. */
  text: string;
}

/** How the rest of this package speaks HTTP to the world: see `createHttp`. */
export interface Http {
  /**
   * One request; a redirect is an answer like any other and never followed.
   * @throws TriplineError TRIPLINE_EGRESS_REFUSED (an internal target that is not allowed; permanent), TRIPLINE_EGRESS_INVALID
   * (this can't be sent; permanent), TRIPLINE_EGRESS_UNREACHED (no answer; retriable). None names a path, a header or a body.
   */
  request(url: string, options: HttpRequest): Promise<HttpAnswer>;
}
