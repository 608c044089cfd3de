/** The fixes that a desk that is down shows: what needs the desk names its start first. */
import { expect, it } from "vitest";
import { fixerWhileDown } from "../../src/trading/recorded-desk.ts";

const fixWhileDown = fixerWhileDown(["cancel", "schedules accept", "schedules run", "resume"]);

it.each([
  [
    "qoc cancel 20260705-001, or close it at the venue",
    "qoc up, then qoc cancel 20260705-001, or close it at the venue",
  ],
  ["read it, then: qoc schedules accept nightly", "read it, then: qoc up, then qoc schedules accept nightly"],
  ["qoc resume; then qoc cancel --all", "qoc up, then qoc resume; then qoc cancel --all"],
  ["qoc up, then qoc cancel --all", "qoc up, then qoc cancel --all"],
  ["qoc doctor", "qoc doctor"],
  ["qoc schedules list", "qoc schedules list"],
  [null, null],
])("the fix %j becomes %j", (fix, expected) => expect(fixWhileDown(fix)).toBe(expected));
