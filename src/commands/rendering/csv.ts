/** CSV as RFC 4180 has it: a header line, and quotes around cells that need them. */

const NEEDS_QUOTES = /[",\n\r]/;
/** A spreadsheet would run such a cell. A number with a sign is a number. */
const FORMULA = /^[=@\t]|^[+-](?![\d.]+$)/;

export function csv(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [header, ...rows].map((cells) => cells.map(csvCell).join(","));
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
