/**
 * Positionals and flags as facts of a command's input schema. A field of the schema becomes an argument by one of the
 * helpers here; a field without a helper (a passphrase) has no place on the command line.
 */
import * as z from "zod";
import type { ArgumentEntry, Completion } from "./command-entry.ts";
import { lazy } from "../lib/lazy.ts";

interface ArgumentOptions {
  /** By default an argument is required if its schema rejects undefined. */
  readonly required?: boolean;
  /** The flag is required unless one of these is given. Its schema accepts undefined. */
  readonly requiredUnless?: readonly string[];
  /** Replaces the summary in the tool's schema. */
  readonly summaryForAgents?: string;
  /** One-letter short flag. */
  readonly short?: string;
  /** By default the values of an enum. Empty: the command line leaves the check to the schema. */
  readonly choices?: readonly string[];
  readonly completes?: Completion;
  /** Accepted, but left out of help and completion. */
  readonly hidden?: boolean;
  /** The tool's schema leaves the field out, and a call of an agent that has it is refused. */
  readonly humanOnly?: boolean;
}

interface ArgumentWords extends ArgumentOptions {
  readonly kind: "positional" | "flag";
  readonly summary: string;
  readonly value?: string;
}

const ARGUMENTS = lazy(() => z.registry<ArgumentWords>());

/** A word without a flag. `value` names it in the usage line: "ID", "FILE". */
export function positional<T extends z.ZodType>(
  schema: T,
  value: string,
  summary: string,
  options: ArgumentOptions = {},
): T {
  return withWords(schema, { kind: "positional", value, summary, ...options });
}

/** A flag with a value. `value` names it in the usage line: "N", "TEXT". */
export function flag<T extends z.ZodType>(schema: T, value: string, summary: string, options: ArgumentOptions = {}): T {
  return withWords(schema, { kind: "flag", value, summary, ...options });
}

/** A flag without a value; false by default. */
export function toggle(summary: string, options: ArgumentOptions = {}): z.ZodDefault<z.ZodBoolean> {
  return withWords(z.boolean().default(false), { kind: "flag", summary, ...options });
}

/** A text that a person may pipe in. An agent has no standard input, so its dash stays a dash. */
export function textFlag<T extends z.ZodType>(schema: T, summary: string, options: ArgumentOptions = {}): T {
  return flag(schema, "TEXT", `${summary}; - reads standard input`, { summaryForAgents: summary, ...options });
}

/** The same schema may be a field of several commands, so each use gets its own copy. */
function withWords<T extends z.ZodType>(schema: T, words: ArgumentWords): T {
  const copy = schema.clone();
  ARGUMENTS().add(copy, words as z.core.$replace<ArgumentWords, T>);
  return copy;
}

/** The arguments in the order of the schema's fields. */
export function argumentsOf(input: z.ZodObject): readonly ArgumentEntry[] {
  return Object.entries(input.shape).flatMap(([name, schema]) => {
    const words = ARGUMENTS().get(schema as z.ZodType);
    return words === undefined ? [] : [argumentOf(name, schema as z.ZodType, words)];
  });
}

function argumentOf(
  name: string,
  schema: z.ZodType,
  { humanOnly: _humanOnly, ...words }: ArgumentWords,
): ArgumentEntry {
  const { type, many, choices: schemaChoices } = valueOf(schema);
  const choices = words.choices ?? schemaChoices;
  return {
    name,
    type,
    ...words,
    required: words.required ?? !schema.safeParse(undefined).success,
    choices: choices?.length === 0 ? undefined : choices,
    many,
  };
}

/** Zod compiles a schema at its first use, which takes as long as a whole call of a command. */
const AGENT_INPUTS = new WeakMap<z.ZodObject, z.ZodObject>();

/** The schema that an agent's input is checked against; the same object for the same input. */
export function inputForAgents(input: z.ZodObject): z.ZodObject {
  const known = AGENT_INPUTS.get(input) ?? withoutHumanFields(input);
  AGENT_INPUTS.set(input, known);
  return known;
}

function withoutHumanFields(input: z.ZodObject): z.ZodObject {
  const fields = Object.entries(input.shape).filter(
    ([, schema]) => ARGUMENTS().get(schema as z.ZodType)?.humanOnly !== true,
  );
  return z.strictObject(Object.fromEntries(fields));
}

interface ArgumentValue {
  readonly type: ArgumentEntry["type"];
  readonly many?: true;
  readonly choices?: readonly string[];
}

/** What a person types for a schema: the innermost type, without defaults and transforms. */
function valueOf(schema: z.core.$ZodType): ArgumentValue {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return valueOf(schema._zod.def.innerType);
  if (schema instanceof z.ZodPipe) return valueOf(schema._zod.def.in);
  if (schema instanceof z.ZodUnion) return firstOf(schema._zod.def.options);
  if (schema instanceof z.ZodArray) return { ...valueOf(schema._zod.def.element), many: true };
  if (schema instanceof z.ZodEnum)
    return { type: "string", choices: Object.values(schema._zod.def.entries).map(String) };
  if (schema instanceof z.ZodNumber) return { type: "number" };
  if (schema instanceof z.ZodBoolean) return { type: "boolean" };
  return { type: "string" };
}

function firstOf([first]: readonly z.core.$ZodType[]): ArgumentValue {
  return first === undefined ? { type: "string" } : valueOf(first);
}
