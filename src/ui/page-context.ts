/** What every component of the page can use. */
import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useEffect, useMemo } from "preact/hooks";
import type { Browser } from "./browser.ts";
import type { DeskClient } from "./desk-client.ts";
import type { DeskData, Question, Reading } from "./desk-data.ts";
import type { Drafts } from "./drafts.ts";
import type { LineStatus } from "./event-stream.ts";
import type { Preferences } from "./preferences.ts";

export interface PageServices {
  readonly browser: Browser;
  readonly client: DeskClient;
  readonly data: DeskData;
  readonly line: Signal<LineStatus>;
  /** When the desk last sent anything, ms. */
  readonly contactAt: Signal<number>;
  /** Changes once a second: ages on the screen are counted from it. */
  readonly now: Signal<number>;
  readonly preferences: Preferences;
  readonly drafts: Drafts;
  /** The polite announcement of the page, for screen readers. */
  readonly announcement: Signal<string>;
  readonly session: { readonly name: string; signOut(): Promise<void> };
  /** The desk serves newer files than this page. */
  readonly isOutdated: Signal<boolean>;
}

export const PageContext = createContext<PageServices | undefined>(undefined);

export function usePage(): PageServices {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error("a component of the page is used outside of it");
  return page;
}

/** Why nothing can be decided: the connection is lost. undefined while it is live. */
export function useLostLine(): string | undefined {
  const { line } = usePage();
  return line.value.state === "live" ? undefined : "The connection to the desk is lost.";
}

/** Reads a command's answer while the component is on the screen. */
export function useReading<T>(question: Question): Reading<T> {
  const page = usePage();
  const reading = useMemo(
    () => page.data.reading<T>(question),
    [page, question.command, JSON.stringify(question.input)],
  );
  useEffect(() => reading.use(), [reading]);
  return reading;
}
