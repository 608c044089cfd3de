/**
 * A press does what the hand was aimed at. A control that the page has moved takes no press for a moment, neither of a
 * finger nor of a mouse that rests where the control came to. Nor does a button of a page that has just been opened or
 * come to the front: the press may be the second one of a double click on another site's page, which then went away.
 * The buttons of a review pause by themselves, and a halt is taken always. Lists keep their rows while the mouse is
 * over a control, or a finger is down.
 */
import { setAim } from "./aim.ts";
import type { PageServices } from "./page-context.ts";

const CONTROLS = "a, button, summary, input, select, textarea, label";
const UNGUARDED = ".bar *, .halt";
/** As long as the buttons of a review pause after a change. */
const PAUSE_MS = 700;
/** Half of the smallest control: after a shorter move a press on its middle still hits it. */
const MOVED_PX = 12;
/** A mouse that has come from farther away was aimed after the move. */
const REST_PX = 24;

interface Point {
  readonly x: number;
  readonly y: number;
}

export function guardPresses(page: PageServices): () => void {
  const guard = new PressGuard(page);
  return guard.start();
}

class PressGuard {
  readonly #page: PageServices;
  /** Where each control was when the page was looked at. */
  #places: ReadonlyMap<Element, DOMRect> = new Map();
  /** Something was drawn since. */
  #isDrawn = false;
  /** The human scrolled since, or changed the size of the window. */
  #isScrolled = false;
  #moved: ReadonlySet<Element> = new Set();
  /** Where the mouse was at that move; undefined: this page has not seen it since. */
  #rest: Point | undefined;
  #mouse: Point | undefined;
  /** The page was opened or came to the front, and the mouse has not gone to another place on it since. */
  #isNew = false;
  #endPause: (() => void) | undefined;
  #isRefused = false;

  constructor(page: PageServices) {
    this.#page = page;
  }

  start(): () => void {
    const ends = new AbortController();
    const on = <K extends keyof DocumentEventMap>(name: K, run: (event: DocumentEventMap[K]) => void): void =>
      document.addEventListener(name, run, { capture: true, passive: name === "scroll", signal: ends.signal });
    on("pointerover", (event) => {
      if (event.pointerType !== "touch") setAim(this, controlOf(event) !== null);
    });
    on("pointermove", ({ clientX: x, clientY: y }) => {
      this.#mouse = { x, y };
      this.#rest ??= this.#mouse;
      if (!this.#isAtRest(this.#mouse)) this.#isNew = false;
    });
    on("pointerdown", (event) => this.#press(event));
    on("pointerup", ({ pointerType }) => {
      if (pointerType === "touch") setAim(this, false);
    });
    on("pointercancel", () => setAim(this, false));
    on("keydown", () => {
      this.#isRefused = false;
    });
    on("click", (event) => this.#click(event));
    on("scroll", () => this.#scrolled());
    addEventListener("resize", () => this.#scrolled(), { signal: ends.signal });
    addEventListener("focus", () => this.#arrive(), { signal: ends.signal });
    on("visibilitychange", () => this.#arrive());
    const observer = new MutationObserver(() => this.#draw());
    const attributeFilter = ["class", "open"];
    observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter });
    this.#arrive();
    this.#draw();
    return () => {
      ends.abort();
      observer.disconnect();
      this.#endPause?.();
      setAim(this, false);
    };
  }

  #arrive(): void {
    this.#mouse = undefined;
    this.#isNew = true;
    this.#pause(controlsNow().filter(isButton));
  }

  #draw(): void {
    if (this.#isDrawn) return;
    this.#isDrawn = true;
    requestAnimationFrame(() => this.#look());
  }

  #scrolled(): void {
    this.#isScrolled = true;
    this.#draw();
  }

  #look(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    const before = this.#places;
    const controls = controlsNow();
    this.#places = new Map(controls.map((control) => [control, control.getBoundingClientRect()]));
    const isScrolled = this.#isScrolled;
    this.#isScrolled = false;
    const drawn = controls.filter((control) => isButton(control) && !before.has(control));
    if (this.#isNew && drawn.length > 0) this.#pause(drawn);
    if (isScrolled) return;
    const moved = controls.filter((control) => isMoved(before.get(control), this.#places.get(control)));
    // A control that came with a move may be where another one was.
    if (moved.length > 0) this.#pause(controls.filter((control) => moved.includes(control) || !before.has(control)));
  }

  #pause(controls: readonly Element[]): void {
    this.#endPause?.();
    this.#moved = new Set([...this.#moved, ...controls]);
    this.#rest = this.#mouse;
    this.#endPause = this.#page.browser.after(PAUSE_MS, () => {
      this.#moved = new Set();
    });
  }

  #press(event: PointerEvent): void {
    this.#look();
    const { pointerType, clientX: x, clientY: y } = event;
    const control = controlOf(event);
    const isTouch = pointerType === "touch";
    if (isTouch) setAim(this, true);
    this.#isRefused = control !== null && this.#moved.has(control) && (isTouch || this.#isAtRest({ x, y }));
    if (control !== null && isButton(control) && !this.#isRefused) this.#isNew = false;
  }

  #isAtRest({ x, y }: Point): boolean {
    return this.#rest === undefined || Math.hypot(x - this.#rest.x, y - this.#rest.y) < REST_PX;
  }

  #click(event: Event): void {
    setAim(this, false);
    if (!this.#isRefused) return;
    this.#isRefused = false;
    event.preventDefault();
    event.stopPropagation();
    this.#page.announcement.value = "The page has just changed, or come to the front. Nothing was pressed.";
  }
}

function controlsNow(): readonly Element[] {
  return [...document.querySelectorAll(CONTROLS)].filter((control) => !control.matches(UNGUARDED));
}

function isButton(control: Element): boolean {
  return control instanceof HTMLButtonElement;
}

function controlOf({ target }: Event): Element | null {
  return target instanceof Element ? target.closest(CONTROLS) : null;
}

/** A control that was not drawn before has not moved. */
function isMoved(before: DOMRect | undefined, now: DOMRect | undefined): boolean {
  if (before === undefined || now === undefined || before.width === 0 || now.width === 0) return false;
  return Math.abs(now.x - before.x) > MOVED_PX || Math.abs(now.y - before.y) > MOVED_PX;
}
