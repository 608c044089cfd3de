/**
 * A value that is made at its first use, such as a schema: zod takes longer to load, and its schemas longer to make, than
 * a command of a terminal may last, and most of these only ask the running desk and parse nothing themselves.
 */
export function lazy<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
