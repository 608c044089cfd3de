/**
 * A value that is made at its first use. Schemas are: loading zod and making them takes longer than the rest of a
 * command that only asks the running desk, and parses nothing itself.
 */
export function lazy<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
