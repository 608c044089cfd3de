/** Keys of the page. No single key decides anything; keys are off in fields, and can be switched off in Settings. */
import { useEffect, useRef } from "preact/hooks";
import type { PageServices } from "./page-context.ts";
import { PAGES } from "./pages-list.ts";
import { go, route } from "./router.ts";

interface KeyCommand {
  readonly key: string;
  readonly what: string;
  readonly run: () => void;
}

const commands = new Set<KeyCommand>();

/** A key of the component that is on the screen. */
export function useCommand(key: string, what: string, run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const command = { key, what, run: () => latest.current() };
    commands.add(command);
    return () => void commands.delete(command);
  }, [key, what]);
}

/** The keys of the present page. */
export function presentKeys(): readonly KeyCommand[] {
  return [...commands];
}

export interface KeyActions {
  readonly showKeys: () => void;
}

/** The second key of `g x` must follow within this time. */
const SEQUENCE_MS = 1_500;

export function listenToKeys(page: PageServices, { showKeys }: KeyActions): () => void {
  /** Set while a `g` waits for its second key. */
  let cancelGo: (() => void) | undefined;
  const onKey = (event: KeyboardEvent): void => {
    if (page.preferences.keys.peek() === "off" || isElsewhere(event)) return;
    const { key } = event;
    if (cancelGo !== undefined) {
      cancelGo();
      cancelGo = undefined;
      const target = PAGES.find((candidate) => candidate.key === key);
      if (target !== undefined) return takeKey(event, () => go(target.page));
    }
    if (key === "g") {
      cancelGo = page.browser.after(SEQUENCE_MS, () => {
        cancelGo = undefined;
      });
      return;
    }
    if (key === "?") return takeKey(event, showKeys);
    const command = [...commands].findLast((candidate) => candidate.key === key);
    const run = command?.run ?? FIXED_KEYS[key];
    if (run !== undefined) takeKey(event, run);
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

const FIXED_KEYS: Readonly<Record<string, () => void>> = {
  H: () => focusOn("#halt"),
  a: () => focusOn("[data-decide], #approve"),
  x: () => document.querySelector<HTMLElement>("#reject")?.click(),
  "/": () => focusOn("[data-filter]"),
  Escape: back,
  j: () => stepFocus([...document.querySelectorAll<HTMLElement>("main [data-row]")], 1),
  k: () => stepFocus([...document.querySelectorAll<HTMLElement>("main [data-row]")], -1),
};

/** From one order, issue or note to their list; from a review to the desk, because the reviews have no list. */
function back(): void {
  const { page, id } = route.peek();
  // The key closes the dialog.
  const isAsked = document.querySelector("dialog[open]") !== null;
  if (id !== "" && !isAsked) go(page === "review" ? "" : page);
}

/** Moves the focus to the link of the next row in that direction; to that of the first row in sight if none has it. */
export function stepFocus(rows: readonly HTMLElement[], by: 1 | -1): void {
  const links = rows.flatMap((row) => row.querySelector<HTMLElement>("a") ?? []);
  const at = links.findIndex((link) => link === document.activeElement);
  const inSight = links.find((link) => link.getBoundingClientRect().top >= topOfRows(link));
  (at === -1 ? inSight : links[at + by])?.focus();
}

/** Where the rows in sight begin: below the header of the page, and below that of a list with a frame of its own. */
function topOfRows(link: HTMLElement): number {
  const header = document.querySelector("header.top")?.getBoundingClientRect().bottom ?? 0;
  const frame = link.closest(".frame")?.querySelector("thead")?.getBoundingClientRect().bottom ?? 0;
  return Math.max(header, frame);
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function takeKey(event: KeyboardEvent, run: () => void): void {
  event.preventDefault();
  run();
}

/** In a field, in a dialog, or with a key of the browser. */
function isElsewhere({ target, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  if (ctrlKey || altKey || metaKey) return true;
  return target instanceof Element && target.closest("input, textarea, select, dialog, .uplot") !== null;
}
