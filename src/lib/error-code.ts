/** Errors of the operating system, such as EEXIST. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** An error of a system call with the file that it concerns: a write to an open file does not name it. */
export function withPath(error: unknown, path: string): unknown {
  return error instanceof Error && "syscall" in error ? Object.assign(error, { path }) : error;
}
