import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameReader } from "./whole-frames.ts";

function frame(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

test("however the bytes are cut, the same frames come out, and what is not whole stays", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(
      bodies,
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      fc.nat(20),
      (all, cuts, left) => {
        const frames = all.map(frame);
        const stream = Buffer.concat([...frames, frame(new Uint8Array(20)).subarray(0, left)]);
        const reader = new FrameReader();
        const got: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n++) {
          const length = cuts[n % cuts.length] ?? 1;
          got.push(...reader.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(got).toEqual(frames);
      },
    ),
  );
});

test("another protocol's answer is no frame", () => {
  expect(() => new FrameReader().push(Buffer.from("HTTP/1.1 400 Bad Request"))).toThrow("no Kafka broker");
});
