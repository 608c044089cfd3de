/** The error of a connector without "connector NAME" before it, for text that has the name already. */
export function ownWords(name: string, error: string): string {
  const subject = `connector ${name}`;
  if (!error.startsWith(subject)) return error;
  const rest = error.slice(subject.length);
  return /^:? /.test(rest) ? rest.replace(/^:? /, "") : error;
}
