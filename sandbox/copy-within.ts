/** Copies of what an adapter passes to the host, with their size. */
import { payloadSize } from "../src/protocol/payload-size.ts";
import { plainJson } from "./plain-json.ts";

const DEPTH_MAX = 30;

function isDeeperThan(value: unknown, levels: number): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1)))
  );
}

/**
 * Returns a JSON copy of the value and its size. The host would end the worker for a message over its limits; this
 * throws earlier, with a stack that shows the author's line.
 */
export function copyWithin(
  value: unknown,
  charsMax: number,
  label: string,
): { readonly value: unknown; readonly chars: number } {
  const json = plainJson(value);
  if (json === undefined) return { value: undefined, chars: 0 };
  const copy = JSON.parse(json) as unknown;
  if (isDeeperThan(copy, DEPTH_MAX))
    throw new Error(`${label} is nested too deeply: at most ${DEPTH_MAX} levels are allowed; flatten it`);
  // The host's own measure, which also counts each element of a list.
  const chars = payloadSize(copy, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
  if (chars > charsMax)
    throw new Error(`${label} is too large: ${chars} characters, at most ${charsMax} are allowed; make it smaller`);
  return { value: copy, chars };
}
