/** Stacks as an author reads them: without the frames of the sandbox and of Node below the adapter's. */

const OWN_FRAME = /\n {4}at [^\n]*(?:\[worker eval\]|evalmachine\.<anonymous>|\(?node:[a-z])[^\n]*/g;

export function authorFrames<T extends string | undefined>(stack: T): T {
  return stack?.replaceAll(OWN_FRAME, "") as T;
}
