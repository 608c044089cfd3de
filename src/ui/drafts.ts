/**
 * Texts that a human has begun to write. This browser keeps them until they are sent or withdrawn: a session that ends
 * or a reload loses none, and the page has them again after the login. Each is of one desk: the orders of another desk
 * at the same port can have the same ids.
 */
import { type Signal, signal } from "@preact/signals";
import type { Browser } from "./browser.ts";

const KEPT = "qoc.drafts";
/** The oldest texts are removed. */
const DRAFTS_MAX = 20;

export class Drafts {
  readonly #browser: Pick<Browser, "keep" | "recall">;
  readonly #desk: () => string;
  readonly #texts = new Map<string, Signal<string>>();

  /** `desk`: the id of the desk to which the browser is signed in. */
  constructor(browser: Pick<Browser, "keep" | "recall">, desk: () => string) {
    this.#browser = browser;
    this.#desk = desk;
  }

  /** The desk's text with this name, for example that of `reject 20261128-001`; "" if none was begun. */
  of(ofDesk: string): Signal<string> {
    const name = `${this.#desk()} ${ofDesk}`;
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = signal(this.#kept().get(name) ?? "");
    text.subscribe((changed) => this.#keep(name, changed));
    this.#texts.set(name, text);
    return text;
  }

  /** It was sent, or the human withdrew it. */
  drop(name: string): void {
    this.of(name).value = "";
  }

  /** The human signs out. */
  dropAll(): void {
    for (const text of this.#texts.values()) text.value = "";
    this.#browser.keep(KEPT, undefined);
  }

  #keep(name: string, text: string): void {
    const kept = this.#kept();
    if (text === (kept.get(name) ?? "")) return;
    kept.delete(name);
    if (text !== "") kept.set(name, text);
    const newest = [...kept].slice(-DRAFTS_MAX);
    this.#browser.keep(KEPT, newest.length === 0 ? undefined : JSON.stringify(newest));
  }

  #kept(): Map<string, string> {
    try {
      return new Map(JSON.parse(this.#browser.recall(KEPT) ?? "[]") as [string, string][]);
    } catch {
      return new Map();
    }
  }
}
