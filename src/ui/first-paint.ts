/**
 * Runs before anything is drawn, and is loaded before the page's own scripts: the code of a link leaves the address,
 * and so the history of the browser. A classic script: it imports types alone.
 */
import type { OpenedLink } from "./opened-link.ts";

function takeCode(): string | undefined {
  const found = /^#login=([\w-]{43})$/.exec(location.hash)?.[1];
  if (found !== undefined) history.replaceState(null, "", location.pathname);
  return found;
}

const opened: OpenedLink = { code: takeCode(), takeCode };
globalThis.openedLink = opened;
