/**
 * Returns the text as sh, bash, zsh and fish take it: in single quotes if it holds more than letters, digits and
 * `_ . / -`. In single quotes fish takes a backslash before a quote for a part of the text, and the others do not, so
 * both are in double quotes, which mean the same to all.
 */
export function quoteForShell(path: string): string {
  if (/^[\w./-]+$/.test(path)) return path;
  return `'${path.replaceAll(/['\\]+/g, (signs) => `'"${signs.replaceAll("\\", "\\\\")}"'`)}'`;
}
