/** Answers every JSON-RPC request with its own parameters, as fast as a server can. */
let rest = "";
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk.toString("utf8")).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const { id, params } = JSON.parse(line);
    process.stdout.write(
      `${JSON.stringify({ result: { content: [{ type: "text", text: JSON.stringify(params) }] }, jsonrpc: "2.0", id })}\n`,
    );
  }
});
