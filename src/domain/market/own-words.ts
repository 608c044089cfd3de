/** The error of a connector without "connector NAME" before it, for text that has the name already. */
export function ownWords(name: string, error: string): string {
  const subject = `connector ${name}`;
  if (!error.startsWith(subject)) return error;
  const rest = error.slice(subject.length);
  return /^:? /.test(rest) ? rest.replace(/^:? /, "") : error;
}

/** The error of a connector and the place in its adapter, in one line. */
export function errorLine(name: string, error: string): string {
  return ownWords(name, error).replace(/\s*\n\s*/g, " ");
}
