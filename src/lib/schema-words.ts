/**
 * The words for a value that a schema refuses. Schemas that state no message of their own get these instead of the
 * words of the schema library, in every file and every command. Import it for this effect.
 */
import * as z from "zod";
import { counted } from "./counted.ts";

type RefusedValue = Parameters<z.core.$ZodErrorMap>[0];

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a table of named values",
  record: "a table of named values",
  date: "a date",
  null: "null",
};
const FORMATS: Readonly<Record<string, string>> = {
  date: "a date such as 2026-07-05",
  datetime: "a time such as 2026-07-05T14:00:00Z",
  url: "a URL",
  email: "an e-mail address",
};

z.config({ customError: issueText });

function issueText(issue: RefusedValue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return `unknown ${issue.keys.length === 1 ? "key" : "keys"} ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "too_small":
      return limitText(issue.origin, { bound: "least", past: "above", limit: issue.minimum, ...issue });
    case "too_big":
      return limitText(issue.origin, { bound: "most", past: "below", limit: issue.maximum, ...issue });
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formatText(issue);
    case "invalid_union":
      return issue.input === undefined ? "is missing" : "has none of the forms that are allowed here";
    case "invalid_key":
    case "invalid_element":
      return "has an entry that is not allowed";
    default:
      return "is not allowed";
  }
}

interface Limit {
  readonly bound: "least" | "most";
  readonly past: "above" | "below";
  readonly limit: number | bigint;
  readonly inclusive?: boolean | undefined;
}

function limitText(origin: string, { bound, past, limit, inclusive }: Limit): string {
  if (origin === "string" && bound === "least" && limit === 1) return "is empty";
  if (origin === "string") return `must have at ${bound} ${counted(limit, "character")}`;
  if (origin === "array" || origin === "set") return `must have at ${bound} ${counted(limit, "entry", "entries")}`;
  return inclusive === false ? `must be ${past} ${limit}` : `must be at ${bound} ${limit}`;
}

function formatText(issue: Extract<RefusedValue, { readonly code: "invalid_format" }>): string {
  if (issue.format === "starts_with" && "prefix" in issue) return `must begin with ${String(issue.prefix)}`;
  if (issue.format === "regex" && issue.pattern !== undefined) return `must match ${issue.pattern}`;
  return `must be ${FORMATS[issue.format] ?? `a valid ${issue.format}`}`;
}
