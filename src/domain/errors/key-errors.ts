/** The errors of the desk's keys. */
import { type ErrorDefinition, row } from "./error-row.ts";

export const KEY_ERRORS = {
  KEY_REQUIRED: row(
    "the live key is needed: {reason}",
    "type its passphrase on a terminal, or give --passphrase-fd N; without a live key: qoc keys protect",
  ),
  KEY_MISSING: row(
    "{path} does not exist: this machine lacks a key of the desk",
    "on the machine that has it: qoc keys export FILE; then here: qoc keys import FILE; if it is lost: qoc keys new",
  ),
  KEY_EXISTS: row(
    "{path} exists: this machine has the desk's key already; nothing was changed",
    "qoc up; to use other keys, move this file and those beside it away first",
  ),
  LIVE_KEY_LOST: row(
    "the journal names a live key of this desk, and this machine lacks it: a second one is not accepted",
    "export it on the machine that has it, then here: qoc keys import FILE; or trade live at a new desk: qoc init DIR",
  ),
  KEYS_REFUSED: row(
    "{file}: {reason}; nothing was changed",
    "on the machine that has the keys: qoc keys export FILE; then here: qoc keys import FILE",
  ),
  KEYS_PASSPHRASE: row(
    "{file}: the passphrase is wrong{tries}, or the file is damaged; nothing was changed",
    "type again, with the passphrase that was chosen for this file: qoc keys import {file}; if it is lost, export the keys again",
  ),
  KEY_INVALID: row("{path}: {reason}", "read the key files of the desk back from a backup, then qoc up"),
  KEY_FILE_UNSAFE: row("{path}: {reason}, so the keys of the desk are not safe there", "type: {fix}"),
  NEW_FILE_REFUSED: row("{path}: {reason}; nothing was written", "name another file: qoc keys export FILE"),
} as const satisfies Record<string, ErrorDefinition>;
