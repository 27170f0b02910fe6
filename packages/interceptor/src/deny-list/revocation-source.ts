/** What a source tells the deny list. Values are unverified until the list has looked at their signature. */
export interface RevocationSink {
  /** From here to `loaded` come all entries there are. */
  snapshotBegins(): void;
  entry(value: unknown): void;
  loaded(): void;
  /** A sign of life without news. */
  contact(): void;
  removed(id: string): void;
}

/** Where revocations come from. */
export interface RevocationSource {
  /** Begins to feed the sink and keeps at it, whatever happens to the connection. Never throws. */
  start(sink: RevocationSink): void;
  close(): Promise<void>;
}
