/**
 * Prints the test files of a report that failed, relative to the project, one a line. Prints none if there are more than
 * a few: then it is the change that fails, not a busy machine.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const FILES_MAX = 8;

const { testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const failed = testResults.filter(({ status }) => status === "failed").map(({ name }) => relative(process.cwd(), name));
if (failed.length <= FILES_MAX) for (const file of failed) console.log(file);
