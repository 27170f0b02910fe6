import type { CallEnd } from "../interceptor.ts";
import { isObject, type JsonObject } from "./json-rpc.ts";

/**
 * How a `tools/call` result ends the call: its text as an agent reads it (text contents, embedded text resources, links;
 * binary contents by kind and size; `structuredContent` unless the text already says the same), its size and item count.
 * @param bytes size of the result's JSON; counted here when the tap does not know it
 */
export function endOfResult(result: JsonObject, bytes?: number): CallEnd {
  const content = Array.isArray(result.content) ? (result.content as unknown[]) : [];
  const parts = content.map(contentText);
  if (result.structuredContent !== undefined) {
    const structured = JSON.stringify(result.structuredContent);
    if (!parts.some((part) => sameJson(part, structured))) parts.push(structured);
  }
  // What is neither content nor structured (a task, an input request) is read by the client; it is kept as it came.
  const text = parts.length > 0 ? parts.join("\n") : JSON.stringify(withoutMeta(result));
  return {
    outcome: result.isError === true ? "tool_error" : "ok",
    text,
    bytes: bytes ?? Buffer.byteLength(JSON.stringify(result)),
    items: itemCount(result.structuredContent, content.length),
  };
}

function contentText(item: unknown): string {
  if (!isObject(item)) return String(item);
  switch (item.type) {
    case "text":
      return typeof item.text === "string" ? item.text : "";
    case "resource":
      return isObject(item.resource) ? resourceText(item.resource) : "";
    case "resource_link":
      return [item.name, item.uri, item.description].filter((part) => typeof part === "string").join(" ");
    case "image":
    case "audio":
      return `[${item.type} ${label(item.mimeType)}, ${sizeOf(item.data)} bytes of base64]`;
    default:
      return JSON.stringify(item);
  }
}

function resourceText(resource: JsonObject): string {
  if (typeof resource.text === "string") return resource.text;
  return `[resource ${label(resource.uri)} ${label(resource.mimeType)}, ${sizeOf(resource.blob)} bytes of base64]`;
}

function label(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function sizeOf(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}

function withoutMeta(result: JsonObject): JsonObject {
  const { _meta, ...rest } = result;
  return rest;
}

/** Servers repeat structured content as text; spacing may differ. */
function sameJson(text: string, json: string): boolean {
  if (text === json) return true;
  if (text[0] !== json[0] || text.length < json.length) return false;
  try {
    return JSON.stringify(JSON.parse(text)) === json;
  } catch {
    return false; // the text only begins like JSON
  }
}

/** How many things came back: the structured list's length, else the contents. */
function itemCount(structured: unknown, contents: number): number {
  if (Array.isArray(structured)) return structured.length;
  if (isObject(structured)) {
    const lists = Object.values(structured).filter(Array.isArray);
    if (lists.length === 1) return lists[0]?.length ?? 0;
  }
  return contents;
}
