/** A stream's bytes. `buffer` of node:stream/consumers goes by way of a Blob, which costs more than all else in a bulk read. */
export async function wholeOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1)
    return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
  return Buffer.concat(chunks);
}
