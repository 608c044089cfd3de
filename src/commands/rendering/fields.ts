/** The rendering of a command without one of its own. */
import { type OutputStyle, keyValueLines } from "./table-text.ts";
import { oneLine } from "./terminal-text.ts";

/** An object as names and values, a list one item a line. */
export function renderFields(value: unknown, style: OutputStyle): readonly string[] {
  if (Array.isArray(value)) return value.map((item) => oneLine(plainText(item)));
  if (typeof value !== "object" || value === null) return [oneLine(plainText(value))];
  return keyValueLines(
    style,
    Object.entries(value).map(([name, field]) => [spaced(name), plainText(field)] as const),
  );
}

function plainText(value: unknown): string {
  return typeof value === "string" ? value : value === null ? "-" : JSON.stringify(value);
}

/** "venueOrderId" as "venue order id". */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
