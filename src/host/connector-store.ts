/**
 * `ctx.store` of one connector: JSON values by key, 1 MiB in total, where each counts at least 1 KiB. Each key has a
 * file that is written atomically.
 */
import { QocError } from "../domain/errors/error.ts";
import { sha256Hex } from "../domain/digest.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { SerialQueue } from "../lib/serial-queue.ts";

export const STORE_BYTES_MAX = 1024 * 1024;
/** A file takes a block of the disk, however short it is, and each start looks at all of them. */
const VALUE_BYTES_MIN = 1024;
const KEY_CHARS_MAX = 200;
/** Values are parsed, copied and sent whole by the desk's thread: so many bytes a second, and as many at once. */
const BYTES_PER_S = 4 * 1024 * 1024;
const SECOND_MS = 1_000;

export interface ConnectorStore {
  get(key: string): Promise<unknown>;
  /** @throws TOO_LARGE, without a change, if the whole store would exceed its limit. */
  put(key: string, value: unknown): Promise<void>;
}

/** One operation runs at a time, after the time that the values before it take at {@link BYTES_PER_S}. */
export function openStore(disk: Disk, dir: string, clock: Pick<Clock, "monotonic" | "after">): ConnectorStore {
  const sizes = new Map<string, number>();
  let loaded: Promise<void> | undefined;
  const operations = new SerialQueue();
  let freeAt = Number.NEGATIVE_INFINITY;
  const spend = (bytes: number): void => {
    freeAt = Math.max(freeAt, clock.monotonic() - SECOND_MS) + (bytes / BYTES_PER_S) * SECOND_MS;
  };
  const inTurn = <T>(operation: () => Promise<T>): Promise<T> =>
    operations.run(async () => {
      const ms = freeAt - clock.monotonic();
      if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve));
      return operation();
    });
  const load = async (): Promise<void> => {
    await disk.mkdir(dir, 0o700);
    for (const entry of await disk.list(dir)) {
      if (entry.kind === "file" && entry.name.endsWith(".json"))
        sizes.set(entry.name, counted((await disk.facts(`${dir}/${entry.name}`))?.size ?? 0));
    }
  };
  const ready = (): Promise<void> => (loaded ??= load());
  const fileOf = (key: string): string => {
    if (key.length > KEY_CHARS_MAX)
      throw new QocError("TOO_LARGE", { what: "a store key", size: key.length, limit: KEY_CHARS_MAX });
    return /^[a-z0-9][a-z0-9_-]{0,60}$/.test(key) ? `${key}.json` : `${sha256Hex(key)}.json`;
  };
  const put = async (key: string, value: unknown): Promise<void> => {
    await ready();
    const file = fileOf(key);
    const json = JSON.stringify(value ?? null);
    const otherBytes = [...sizes].reduce((sum, [name, size]) => (name === file ? sum : sum + size), 0);
    const own = counted(Buffer.byteLength(json));
    spend(own);
    const size = otherBytes + own;
    if (size > STORE_BYTES_MAX)
      throw new QocError("TOO_LARGE", { what: "the connector's store", size, limit: STORE_BYTES_MAX });
    await disk.writeAtomic(`${dir}/${file}`, json, 0o600);
    sizes.set(file, own);
  };
  const get = async (key: string): Promise<unknown> => {
    await ready();
    const file = fileOf(key);
    const size = sizes.get(file);
    if (size === undefined) return undefined;
    spend(size);
    return JSON.parse(await disk.readText(`${dir}/${file}`));
  };
  return {
    get: (key) => inTurn(() => get(key)),
    put: (key, value) => inTurn(() => put(key, value)),
  };
}

function counted(bytes: number): number {
  return Math.max(VALUE_BYTES_MIN, bytes);
}
