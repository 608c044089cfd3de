/**
 * Prints each failed test of the reports in a folder, with its message, and as the last line the counts of all tiers:
 * the end of a long output shows what failed.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

const LINES_MAX = 15;
const FAILURES_MAX = 20;

const [folder, failedSteps] = process.argv.slice(2);
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ tier: name.slice(0, -".json".length), ...JSON.parse(readFileSync(join(folder, name), "utf8")) }));

const failures = [];
const triedAgain = [];
let [passed, failed, skipped] = [0, 0, 0];
for (const { tier, ...report } of reports) {
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const { name: file, status, message, assertionResults } of report.testResults) {
    const where = `${tier}: ${relative(process.cwd(), file)}`;
    const tests = assertionResults.filter((test) => test.status === "failed");
    for (const { fullName, failureMessages } of tests) {
      failures.push({ title: `${where}\n  ${fullName}`, text: failureMessages.join("\n") });
    }
    // A test that passed when it was run again keeps the message of its first run.
    for (const { status: outcome, fullName, failureMessages } of assertionResults)
      if (outcome === "passed" && failureMessages.length > 0)
        triedAgain.push(`${where}\n  ${fullName}\n    ${failureMessages[0].split("\n")[0]}`);
    // A file that could not be loaded, or whose hook failed, has no failed test.
    if (status === "failed" && tests.length === 0) failures.push({ title: where, text: message });
  }
}

if (failures.length > 0) console.log(`\n== failed tests`);
for (const { title, text } of failures.slice(0, FAILURES_MAX)) {
  const lines = text.split("\n").filter((line) => !/node_modules|at new Promise/.test(line));
  console.log(
    `${title}\n${lines
      .slice(0, LINES_MAX)
      .map((line) => `    ${line}`)
      .join("\n")}`,
  );
}
if (failures.length > FAILURES_MAX) console.log(`and ${failures.length - FAILURES_MAX} more`);

if (triedAgain.length > 0)
  console.log(`\n== tests that failed once and passed when run again\n${triedAgain.join("\n")}`);

// A step can fail without a failed test, for example by a type error.
if (failed === 0) failed = Number(failedSteps);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
