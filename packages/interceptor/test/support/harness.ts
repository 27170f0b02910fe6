import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TriplineRecord } from "@tripline/events";
import {
  createInterceptor,
  DenyList,
  EntryVerifier,
  type Interceptor,
  MemorySender,
} from "../../src/index.ts";
import { TestResponder } from "./revocations.ts";

const KEYS = [{ id: "test", key: "ab".repeat(32) }];

/** An interceptor with a deny list, and what it sent. */
export class Harness {
  readonly stateDir = mkdtempSync(join(tmpdir(), "tripline-harness-"));
  readonly sender = new MemorySender();
  readonly responder = new TestResponder();
  readonly denyList = new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([this.responder.publicKey]),
    now: Date.now,
    onWarning: () => undefined,
  });
  readonly interceptor: Interceptor = createInterceptor({
    tenant: "acme",
    producer: { id: "gw-1" },
    stateDir: this.stateDir,
    sender: this.sender,
    redactionKeys: () => KEYS,
    denyList: this.denyList,
  });

  constructor() {
    this.denyList.snapshotBegins();
    this.denyList.loaded();
  }

  revoke(id = "alert-1"): void {
    this.denyList.entry(this.responder.sign({ id }));
  }

  reinstate(id = "alert-1"): void {
    this.denyList.entry(this.responder.sign({ id, state: "reinstated" }));
  }

  get calls(): TriplineRecord[] {
    return this.sender.records.filter(({ envelope }) => envelope.type === "call");
  }

  get outcomes(): (string | undefined)[] {
    return this.calls.map(({ envelope }) => envelope.call?.outcome);
  }

  async close(): Promise<void> {
    await this.interceptor.close(1000);
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
