export { spanText as seconds } from "./span-text.ts";
