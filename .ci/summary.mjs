// Prints the closing line of a test run from vitest's JSON report: `N passed, N failed`.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const brokenFiles = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
);
const skipped = report.numPendingTests + report.numTodoTests;
for (const file of brokenFiles) console.log(`could not run ${file.name}: ${file.message}`);
console.log(
  `${report.numPassedTests} passed, ${report.numFailedTests + brokenFiles.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
);
