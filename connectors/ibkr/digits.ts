/** The library reads each decimal number as a double. Here its reader passes on the text that TWS sent instead. */
import { ConnectRefused } from "@qoc-app/sdk";
import { EventName, type IBApi } from "@stoqey/ib";
import { isUnset, withoutCommas } from "./amounts.ts";

/** The methods that read a decimal number, and what each returns for a field without a text. */
const READERS = { readDouble: 0, readDoubleOrUndefined: undefined, readDecimal: undefined } as const;

type Reader = Record<keyof typeof READERS, () => unknown> & {
  readInt: () => number;
  readStr: () => string;
  process: () => void;
  drainQueue: () => void;
};

/** The ends of the 64-bit integers of Java, which TWS writes for an id, or a quantity, that is not set. */
const LARGEST_LONGS: readonly string[] = ["9223372036854775807", "-9223372036854775808"];
/** As `LARGEST_LONGS`, of quantities: the largest 32-bit integer, and the largest number of IBKR's decimals. */
const UNSET_QUANTITIES: readonly string[] = [...LARGEST_LONGS, "2147483647", "170141183460469231731687303715884105727"];

/** @throws ConnectRefused if the library has no such reader: its numbers would lose digits. */
export function keepDigits(api: IBApi): void {
  const decoder = decoderOf(api);
  for (const [name, empty] of Object.entries(READERS) as [keyof typeof READERS, number | undefined][]) {
    if (typeof decoder[name] !== "function" || decoder.readStr === undefined) throw unknownLibrary();
    const readText = decoder.readStr.bind(decoder);
    const unset = name === "readDecimal" ? UNSET_QUANTITIES : [];
    decoder[name] = () => numberIn(readText(), empty, unset);
  }
  keepIds(decoder);
}

/** What the library returns for a field without a text. */
const NO_ID = 0;

/** An id above 2^53 would be that of another order: its message counts as unreadable. */
function keepIds(decoder: Partial<Reader>): void {
  if (decoder.readInt === undefined || decoder.readStr === undefined) throw unknownLibrary();
  const readText = decoder.readStr.bind(decoder);
  decoder.readInt = () => {
    const token = readText();
    // A completed order without a parent has this as the id of its parent.
    if (token === "" || LARGEST_LONGS.includes(token)) return NO_ID;
    const value = Number.parseInt(token, 10);
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new Error("a message has an id of too many digits");
    return value;
  };
}

/** The library's code of a message that it could not read. */
export const UNREADABLE = 505;

/**
 * The library throws where its socket is read for a message that it expects otherwise, such as a refusal whose details
 * are no JSON. The messages after it are read, and an error of the library says so.
 */
export function outliveMessages(api: IBApi): void {
  const decoder = decoderOf(api);
  const [process, drain] = [decoder.process?.bind(decoder), decoder.drainQueue?.bind(decoder)];
  if (process === undefined || drain === undefined) throw unknownLibrary();
  decoder.process = () => {
    for (;;)
      try {
        return process();
      } catch (error) {
        drain();
        api.emit(EventName.error, error as Error, UNREADABLE, -1);
      }
  };
}

function decoderOf(api: IBApi): Partial<Reader> {
  const { decoder } = (api as unknown as { controller?: { decoder?: Partial<Reader> } }).controller ?? {};
  if (decoder === undefined) throw unknownLibrary();
  return decoder;
}

function unknownLibrary(): ConnectRefused {
  return new ConnectRefused(
    "this version of @stoqey/ib reads numbers in a way that Qoc does not know: install @stoqey/ib@1.6",
  );
}

/** A text that is no number is refused where it is used. */
function numberIn(token: string, empty: number | undefined, unset: readonly string[]): string | number | undefined {
  if (token === "") return empty;
  if (unset.includes(token)) return undefined;
  const text = withoutCommas(token);
  return isUnset(text) ? undefined : text;
}
