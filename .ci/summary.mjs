/**
 * Prints each failed test of the reports in a folder, with its message, and as the last line the counts of all tiers:
 * the end of a long output shows what failed. Of files that ran again alone (`TIER.again.json`) the second result counts.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

const LINES_MAX = 15;
const FAILURES_MAX = 20;

const [folder, failedSteps] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8")).testResults;
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
const reports = names
  .filter((name) => !name.endsWith(".again.json"))
  .map((name) => {
    const tier = name.slice(0, -".json".length);
    return { tier, first: read(name), again: names.includes(`${tier}.again.json`) ? read(`${tier}.again.json`) : [] };
  });

const isFailed = (test) => test.status === "failed";
const failures = [];
const triedAgain = [];
let [passed, failed, skipped] = [0, 0, 0];
for (const { tier, first, again } of reports)
  for (const result of first) {
    const where = `${tier}: ${relative(process.cwd(), result.name)}`;
    const alone = again.find(({ name }) => name === result.name);
    const { status, message, assertionResults } = alone ?? result;
    const tests = assertionResults.filter(isFailed);
    failed += tests.length;
    passed += assertionResults.filter((test) => test.status === "passed").length;
    skipped += assertionResults.filter((test) => !["passed", "failed"].includes(test.status)).length;
    for (const { fullName, failureMessages } of tests)
      failures.push({ title: `${where}\n  ${fullName}`, text: failureMessages.join("\n") });
    // A file that could not be loaded, or whose hook failed, has no failed test.
    if (status === "failed" && tests.length === 0) failures.push({ title: where, text: message });
    // A test that passed when it was run again keeps the message of its first run.
    for (const run of alone === undefined ? [result] : [result, alone])
      for (const { status: outcome, fullName, failureMessages } of run.assertionResults)
        if (failureMessages.length > 0 && (outcome === "passed" || (run === result && alone !== undefined)))
          triedAgain.push(`${where}\n  ${fullName}\n    ${failureMessages[0].split("\n")[0]}`);
    if (alone !== undefined && result.status === "failed" && !result.assertionResults.some(isFailed))
      triedAgain.push(`${where}\n    ${result.message.split("\n")[0]}`);
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

if (triedAgain.length > 0) console.log(`\n== tests that failed once and were run again\n${triedAgain.join("\n")}`);

// A step can fail without a failed test, for example by a type error.
if (failed === 0) failed = Number(failedSteps);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
