/**
 * A page of another site or port can open the desk's page while the human types. So a page that was opened this way
 * asks before it shows anything. A reload does not ask again: no other page can cause one.
 */
const ASKED = "qoc.asked-for";

/** Keeps for this tab that the human asked for the page. */
export function rememberAskedFor(): void {
  try {
    sessionStorage.setItem(ASKED, "yes");
  } catch {
    // The browser refuses storage: each reload asks again.
  }
}

/** Whether the page must ask before it shows anything. */
export function isOpenedByOther(): boolean {
  return document.documentElement.dataset["openedBy"] === "other" && !(isReload() && isAskedFor());
}

function isReload(): boolean {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return navigation?.type === "reload";
}

function isAskedFor(): boolean {
  try {
    return sessionStorage.getItem(ASKED) !== null;
  } catch {
    return false;
  }
}
