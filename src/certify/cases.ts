/** All cases, in the order of the report. */
import type { Case } from "./case.ts";
import { ACCOUNT_CASES } from "./cases-account.ts";
import { LOAD_CASES } from "./cases-load.ts";
import { QUOTE_CASES } from "./cases-quotes.ts";

export const CASES: readonly Case[] = [...LOAD_CASES, ...QUOTE_CASES, ...ACCOUNT_CASES];
