/** The errors of the page and its sessions. */
import { EXIT, type ErrorDefinition, row } from "../errors/error-row.ts";

export const PAGE_ERRORS = {
  PAGE_SESSION_ENDED: row("the session of this page has ended", "qoc ui, and open the link that it prints", {
    exit: EXIT.notPermitted,
  }),
  PAGE_LOGIN_REFUSED: row("this link opens no page: {reason}", "qoc ui, and open the link that it prints", {
    exit: EXIT.notPermitted,
  }),
  PAGE_LINK_USED: row(
    "this link was used at {at}: a link opens one page",
    "for another link: qoc ui; if you did not use this one: qoc ui revoke --all",
    { exit: EXIT.notPermitted },
  ),
  PAGE_NOT_ALLOWED: row("the page may not {action}: {reason}", "at a terminal: qoc {action}", {
    exit: EXIT.notPermitted,
  }),
  NO_BROWSER: row("{program} cannot be started", "qoc ui, and open the link that it prints in a browser"),
  PASSKEY_REFUSED: row(
    "the passkey does not count: {reason}",
    "in a terminal: qoc approve ID; passkeys: qoc passkeys list",
    {
      exit: EXIT.notPermitted,
    },
  ),
  PASSKEY_UNKNOWN: row(
    "no passkey of that {kind} is known: {ref}",
    "qoc passkeys list; make one on the page, in Settings",
  ),
  PAGE_SESSION_UNKNOWN: row("no page session is named {name}", "qoc ui list"),
} as const satisfies Record<string, ErrorDefinition>;
