/** `npm run build`: makes dist/@tripline/*, what `npm publish` takes. */
import { buildPackages } from "./build.ts";

const directory = new URL("../../dist", import.meta.url).pathname;
buildPackages(directory);
console.log(`built in ${directory}`);
