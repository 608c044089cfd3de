/** What the hand is aimed at: lists keep their rows in place meanwhile. */
import { computed, signal } from "@preact/signals";

const aims = signal<ReadonlySet<object>>(new Set());

/** A list or control is under the mouse, or a finger is down. A list that grows moves what is below: all lists hold. */
export const isAimed = computed(() => aims.value.size > 0);

export function setAim(at: object, isOver: boolean): void {
  const now = new Set(aims.peek());
  if (isOver) now.add(at);
  else now.delete(at);
  if (now.size !== aims.peek().size) aims.value = now;
}
