/**
 * Finished bundles on disk, one file for each adapter. One is used only where everything that went into it is as it was: its
 * text, each file by its content, and each folder in which another file could now be found first. In doubt it is made anew.
 */
import { z } from "zod";
import { digestOf, sha256Hex } from "../domain/digest.ts";
import type { Disk } from "../domain/ports.ts";
import type { Bundle } from "./bundle.ts";
import { type FingerprintRecorder, fingerprintMatches } from "./bundle-fingerprint.ts";

/** Where one adapter's bundle is kept. */
export interface BundleCacheKey {
  readonly disk: Disk;
  readonly folder: string;
  /** Absolute. */
  readonly adapter: string;
  /** What made the bundle: versions of the bundler and of the wall, and their options. */
  readonly maker: string;
}

const FILES_MAX = 32;
const BYTES_MAX = 256 * 1024 * 1024;
const NEW_LINE = 10;

const part = z.strictObject({ bytes: z.number().int().nonnegative(), digest: z.string() });
/** The first line of an entry; the code and its map follow as they are. */
const header = z.strictObject({
  maker: z.string(),
  adapter: z.string(),
  code: part,
  map: part,
  files: z.array(z.tuple([z.string(), z.string()])).min(1),
  folders: z.array(z.tuple([z.string(), z.boolean(), z.string()])).min(1),
});

function entryOf({ folder, adapter }: BundleCacheKey): string {
  return `${folder}/${sha256Hex(adapter).slice(0, 32)}.bundle`;
}

/** undefined where there is none that may be used, for whatever reason. */
export async function readBundle(shelf: BundleCacheKey): Promise<Bundle | undefined> {
  try {
    const bytes = Buffer.from(await shelf.disk.read(entryOf(shelf), BYTES_MAX));
    const end = bytes.indexOf(NEW_LINE);
    const { maker, adapter, code, map, files, folders } = header.parse(JSON.parse(bytes.toString("utf8", 0, end)));
    if (maker !== shelf.maker || adapter !== shelf.adapter || bytes.length !== end + 1 + code.bytes + map.bytes)
      return undefined;
    const codeBytes = bytes.subarray(end + 1, end + 1 + code.bytes);
    const mapBytes = bytes.subarray(end + 1 + code.bytes);
    const digest = digestOf(codeBytes);
    if (digest !== code.digest || digestOf(mapBytes) !== map.digest) return undefined;
    if (!(await fingerprintMatches(shelf.disk, { files, folders }))) return undefined;
    return { code: codeBytes.toString("utf8"), map: mapBytes.toString("utf8"), digest };
  } catch {
    return undefined;
  }
}

/** Never rejects: a bundle that cannot be kept is made anew at the next start. */
export async function writeBundle(shelf: BundleCacheKey, bundle: Bundle, inputs: FingerprintRecorder): Promise<void> {
  const { disk, folder, adapter, maker } = shelf;
  try {
    const record = await inputs.record();
    // Reached through a link, it could be another file tomorrow. And what changed meanwhile may be half in the bundle.
    if (
      record === undefined ||
      !record.files.some(([path]) => path === adapter) ||
      !(await fingerprintMatches(disk, record))
    )
      return;
    const [code, map] = [Buffer.from(bundle.code), Buffer.from(bundle.map)];
    const first = {
      maker,
      adapter,
      code: { bytes: code.length, digest: bundle.digest },
      map: { bytes: map.length, digest: digestOf(map) },
      ...record,
    };
    const entry = Buffer.concat([Buffer.from(`${JSON.stringify(first)}\n`), code, map]);
    if (entry.length > BYTES_MAX) return;
    await disk.mkdir(folder, 0o700);
    await disk.writeAtomic(entryOf(shelf), entry, 0o600);
    await prune(shelf);
  } catch {
    // A full or read-only disk is told elsewhere, and stops no connector.
  }
}

/** The newest stay, within the folder's bounds. */
async function prune({ disk, folder }: BundleCacheKey): Promise<void> {
  const found = await Promise.all(
    (await disk.list(folder)).map(async ({ name }) => ({
      path: `${folder}/${name}`,
      facts: await disk.facts(`${folder}/${name}`),
    })),
  );
  let bytes = 0;
  const kept = found.flatMap(({ path, facts }) => (facts?.kind === "file" ? [{ path, ...facts }] : []));
  for (const [index, { path, size }] of kept.toSorted((a, b) => b.modifiedMs - a.modifiedMs).entries()) {
    bytes += size;
    if (index >= FILES_MAX || bytes > BYTES_MAX) await disk.remove(path);
  }
}
