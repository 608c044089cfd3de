/** Stacks as an author reads them: without the frames of the sandbox and of Node below the adapter's. */

const OWN_FRAME = /\n {4}at [^\n]*(?:\[worker eval\]|evalmachine\.<anonymous>|\(?node:[a-z])[^\n]*/g;

export function authorFrames(stack: string | undefined): string | undefined {
  return stack?.replaceAll(OWN_FRAME, "");
}
