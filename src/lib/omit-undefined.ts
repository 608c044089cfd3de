/** The type of `T` without undefined members: a member that may be undefined becomes optional. */
export type OmitUndefined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * Returns a copy without the members that are undefined, in the same order. For objects in which an absent member
 * differs from an undefined one: journal records, messages to other programs, and objects that a reader checks with
 * `in`.
 */
export function omitUndefined<T extends object>(value: T): OmitUndefined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as OmitUndefined<T>;
}
