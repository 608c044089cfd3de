/** Objects that a connector answers with: the members that the desk knows, and what other members mean. */
import * as z from "zod";

/**
 * Names of members that change the meaning of an amount: its unit, its currency, its sign or its price. An answer with
 * one of them that the desk does not know is refused, because without the member the amount would be misread. Compared
 * without case and punctuation, so that `fee_currency` is `feeCurrency`.
 */
const CHANGES_A_VALUE: ReadonlySet<string> = new Set([
  ...["multiplier", "contractmultiplier", "contractsize", "contractvalue", "pointvalue", "quantitymultiplier"],
  ...["pricemultiplier", "pricemagnifier", "pricefactor", "pricescale", "pricedivisor", "quantityscale"],
  ...["facevalue", "parvalue", "inverse", "isinverse", "quanto", "isquanto"],
  ...["unit", "units", "priceunit", "quantityunit", "denomination"],
  ...["currency", "quotecurrency", "pricecurrency", "settlecurrency", "settlementcurrency", "settlementasset"],
  ...["feecurrency", "feeasset", "commissioncurrency", "commissionasset"],
  ...["exchangerate", "fxrate", "conversionrate"],
]);
/** Besides: costs of a fill, which are `fee`. */
export const COST_NAMES = ["fee", "fees", "commission", "commissions", "tax", "taxes", "rebate", "accruedinterest"];
/** Besides: the side of a position, which is the sign of its quantity. */
export const SIDE_NAMES = ["side", "positionside", "direction", "isshort"];

/** Of an object in an answer. Objects of venues, which an adapter may pass on, have some hundreds. */
const MEMBERS_MAX = 2_000;
/** A longer name is no name of {@link AnswerMembers.changing}. */
const NAME_CHARS_MAX = 100;

function comparable(member: string): string {
  return member.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

export interface AnswerMembers {
  /** The names of the members that the schema reads. */
  readonly members: ReadonlySet<string>;
  /** The names of other members of an answer that change a value: it is refused for each. */
  readonly changing: (answer: unknown) => readonly string[];
}

/** A schema of an object, with what it knows of members. */
export type AnswerShape<T> = z.ZodType<T> & AnswerMembers;

/** Why an answer with a member of {@link AnswerMembers.changing} is refused. */
export const CHANGES_VALUE = "is not a member that the desk knows, and it changes a value";

function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export interface AnswerRules<T extends z.ZodRawShape, R> {
  readonly read: (value: z.output<z.ZodObject<T>>) => R;
  /** Further names that change a value in this answer. */
  readonly refused?: readonly string[];
}

/** An object with these members. Other members are dropped, but for those that change a value. */
export function answerShape<T extends z.ZodRawShape, R>(
  shape: T,
  { read, refused = [] }: AnswerRules<T, R>,
): AnswerShape<R> {
  const members: ReadonlySet<string> = new Set(Object.keys(shape));
  const names = new Set([...CHANGES_A_VALUE, ...refused]);
  const changing = (answer: unknown): readonly string[] =>
    [...unknownMembers(answer, members)].filter(
      (member) => member.length <= NAME_CHARS_MAX && names.has(comparable(member)),
    );
  const known = z.looseObject(shape).transform((value, context): R => {
    for (const member of changing(value)) context.addIssue({ code: "custom", path: [member], message: CHANGES_VALUE });
    const stated = Object.entries(value).filter(([member]) => members.has(member));
    return read(Object.fromEntries(stated) as z.output<z.ZodObject<T>>);
  });
  // Before the members are read: each costs time, and an answer of 8 MiB can have 700,000.
  const schema = z.preprocess((value, context): unknown => {
    if (!hasManyMembers(value)) return value;
    context.addIssue({ code: "custom", message: `has more than ${MEMBERS_MAX} members` });
    return z.NEVER;
  }, known);
  return Object.assign(schema, { members, changing }) as unknown as AnswerShape<R>;
}

function hasManyMembers(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > MEMBERS_MAX;
}

/**
 * The names of members with a value that the shape drops, of an answer that is one object or a list of objects: the
 * first `most` names.
 */
export function unknownMembers(
  answer: unknown,
  members: ReadonlySet<string>,
  most = Number.POSITIVE_INFINITY,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const item of Array.isArray(answer) ? answer : [answer]) {
    if (typeof item !== "object" || item === null) continue;
    for (const member in item) {
      if (found.size >= most) return found;
      if (!members.has(member) && hasValue((item as Record<string, unknown>)[member])) found.add(member);
    }
  }
  return found;
}
