/** Returns the path as a shell takes it: in single quotes if it holds more than letters, digits and `_ . / -`. */
export function quoteForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
