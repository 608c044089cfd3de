/** The allowlist: every command of the desk, in help order. Doors, help, completions and tools are derived from it. */
import type { CommandRow } from "./command.ts";
import { AGENT_ROWS } from "./rows-agents.ts";
import { CONNECTOR_ROWS } from "./rows-connectors.ts";
import { DESK_ROWS } from "./rows-desk.ts";
import { FILE_ROWS } from "./rows-files.ts";
import { ORDER_ROWS } from "./rows-orders.ts";
import { RECORD_ROWS } from "./rows-record.ts";
import { RESEARCH_ROWS } from "./rows-research.ts";

export const COMMANDS: readonly CommandRow[] = [
  ...DESK_ROWS,
  ...ORDER_ROWS,
  ...RESEARCH_ROWS,
  ...FILE_ROWS,
  ...AGENT_ROWS,
  ...CONNECTOR_ROWS,
  ...RECORD_ROWS,
];
