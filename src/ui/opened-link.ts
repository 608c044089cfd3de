/** The code of a link, which `first-paint.ts` hands to the page. */

export interface OpenedLink {
  /** The code that the page was opened with. */
  code: string | undefined;
  /** Returns the code in the address, and removes it there; undefined if the address has no code. */
  readonly takeCode: () => string | undefined;
}

declare global {
  var openedLink: OpenedLink;
}
