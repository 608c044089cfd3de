/** Settings of this browser. */
import { type Signal, effect, signal } from "@preact/signals";
import type { Browser } from "./browser.ts";

export interface Preferences {
  readonly theme: Signal<"system" | "light" | "dark">;
  /** Which colour a gain has. */
  readonly gains: Signal<"green" | "red">;
  readonly density: Signal<"comfortable" | "compact">;
  /** Single keys navigate. */
  readonly keys: Signal<"on" | "off">;
  /** The browser shows a notification if proposals wait. */
  readonly notices: Signal<"off" | "on">;
}

/** What each setting can be; the first is the default. */
export const CHOICES = {
  theme: ["system", "light", "dark"],
  gains: ["green", "red"],
  density: ["comfortable", "compact"],
  keys: ["on", "off"],
  notices: ["off", "on"],
} as const satisfies Record<keyof Preferences, readonly string[]>;

export function loadPreferences(browser: Browser): Preferences {
  function preference<K extends keyof typeof CHOICES>(name: K): Signal<(typeof CHOICES)[K][number]> {
    const choices: readonly (typeof CHOICES)[K][number][] = CHOICES[name];
    const kept = choices.find((choice) => choice === browser.recall(`qoc.${name}`)) ?? choices[0];
    const value = signal(kept as (typeof CHOICES)[K][number]);
    effect(() => browser.keep(`qoc.${name}`, value.value === choices[0] ? undefined : value.value));
    return value;
  }
  return {
    theme: preference("theme"),
    gains: preference("gains"),
    density: preference("density"),
    keys: preference("keys"),
    notices: preference("notices"),
  };
}

/** Writes the settings to the document, where the style sheet reads them. */
export function applyPreferences({ theme, gains, density }: Preferences): void {
  effect(() => {
    const { dataset } = document.documentElement;
    dataset["theme"] = theme.value;
    dataset["gains"] = gains.value;
    dataset["density"] = density.value;
  });
}
