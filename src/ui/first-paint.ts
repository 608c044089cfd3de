/**
 * Runs before anything is drawn, and is loaded before the page's own scripts: the code of a link leaves the address,
 * and so the history of the browser. A classic script: it imports nothing.
 */
declare global {
  var openedLink: {
    /** The code that the page was opened with. */
    code: string | undefined;
    /** Returns the code in the address, and removes it there; undefined: there is none. */
    readonly takeCode: () => string | undefined;
  };
}

function takeCode(): string | undefined {
  const found = /^#login=([\w-]{43})$/.exec(location.hash)?.[1];
  if (found !== undefined) history.replaceState(null, "", location.pathname);
  return found;
}

globalThis.openedLink = { code: takeCode(), takeCode };

export {};
