/**
 * Cache of finished bundles on disk, one file per adapter. A cached bundle is used only if all of its inputs are
 * unchanged: each file's content, and each folder in which module resolution could now find another file first. In
 * doubt, the adapter is bundled again.
 */
import { bufferView } from "../lib/buffer-view.ts";
import * as z from "zod";
import { digestOf, sha256Hex } from "../domain/digest.ts";
import type { Digest } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";
import { type FingerprintRecorder, fingerprintMatches, ownFiles } from "./bundle-fingerprint.ts";

export interface Bundle {
  readonly code: string;
  /** Source map, JSON. */
  readonly map: string;
  /** Of the code. The operator accepts an adapter by this digest. */
  readonly digest: Digest;
}

export interface CachedBundle {
  readonly bundle: Bundle;
  /** The author's own files in it, without those of packages. */
  readonly sources: readonly string[];
}

export interface BundleCacheKey {
  readonly disk: Disk;
  readonly folder: string;
  /** Absolute. */
  readonly adapter: string;
  /** Versions and options of the bundler and of the import policy. */
  readonly builder: string;
  /** The part of the adapter that is chosen by its options, such as an exchange; empty if there is no choice. */
  readonly variant: string;
  /** The folder in which the user installs the adapter's packages, which each desk has for itself; or empty. */
  readonly packages: string;
}

const FILES_MAX = 32;
const BYTES_MAX = 256 * 1024 * 1024;
const LINE_FEED = 10;

const sectionSchema = z.strictObject({ bytes: z.number().int().nonnegative(), digest: z.string() });
/** The first line of a cache file. The code and the map follow as plain text. */
const headerSchema = z.strictObject({
  builder: z.string(),
  adapter: z.string(),
  code: sectionSchema,
  map: sectionSchema,
  files: z.array(z.tuple([z.string(), z.string()])).min(1),
  folders: z.array(z.tuple([z.string(), z.boolean(), z.string()])).min(1),
});

function cachePath({ folder, adapter, variant, packages }: BundleCacheKey): string {
  return `${folder}/${sha256Hex(JSON.stringify([adapter, variant, packages])).slice(0, 32)}.bundle`;
}

/** Returns undefined if there is no cached bundle or it cannot be used. */
export async function readBundle(key: BundleCacheKey): Promise<CachedBundle | undefined> {
  try {
    const bytes = bufferView(await key.disk.read(cachePath(key), BYTES_MAX));
    const end = bytes.indexOf(LINE_FEED);
    const { builder, adapter, code, map, files, folders } = headerSchema.parse(
      JSON.parse(bytes.toString("utf8", 0, end)),
    );
    if (builder !== key.builder || adapter !== key.adapter || bytes.length !== end + 1 + code.bytes + map.bytes)
      return undefined;
    const codeBytes = bytes.subarray(end + 1, end + 1 + code.bytes);
    const mapBytes = bytes.subarray(end + 1 + code.bytes);
    const digest = digestOf(codeBytes);
    if (digest !== code.digest || digestOf(mapBytes) !== map.digest) return undefined;
    if (!(await fingerprintMatches(key.disk, { files, folders }))) return undefined;
    const sources = ownFiles(files.map(([path]) => path));
    return { bundle: { code: codeBytes.toString("utf8"), map: mapBytes.toString("utf8"), digest }, sources };
  } catch {
    return undefined;
  }
}

/** Never rejects: without a cache file, the next start bundles again. */
export async function writeBundle(key: BundleCacheKey, bundle: Bundle, recorder: FingerprintRecorder): Promise<void> {
  const { disk, folder, adapter, builder } = key;
  try {
    const fingerprint = await recorder.finish();
    // An adapter behind a symbolic link is not cached, nor a bundle whose inputs changed while it was built.
    if (fingerprint === undefined || !fingerprint.files.some(([path]) => path === adapter)) return;
    if (!(await fingerprintMatches(disk, fingerprint))) return;
    const [code, map] = [Buffer.from(bundle.code), Buffer.from(bundle.map)];
    const header = {
      builder,
      adapter,
      code: { bytes: code.length, digest: bundle.digest },
      map: { bytes: map.length, digest: digestOf(map) },
      ...fingerprint,
    };
    const entry = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), code, map]);
    if (entry.length > BYTES_MAX) return;
    await disk.mkdir(folder, 0o700);
    await disk.writeAtomic(cachePath(key), entry, 0o600);
    await prune(key);
  } catch {
    // Other parts report a full or read-only disk. Connectors start without the cache.
  }
}

/** Removes the oldest cache files beyond the limits of the folder. */
async function prune({ disk, folder }: BundleCacheKey): Promise<void> {
  const entries = await Promise.all(
    (await disk.list(folder)).map(async ({ name }) => ({
      path: `${folder}/${name}`,
      stats: await disk.facts(`${folder}/${name}`),
    })),
  );
  let bytes = 0;
  const files = entries.flatMap(({ path, stats }) => (stats?.kind === "file" ? [{ path, ...stats }] : []));
  for (const [index, { path, size }] of files.toSorted((a, b) => b.modifiedMs - a.modifiedMs).entries()) {
    bytes += size;
    if (index >= FILES_MAX || bytes > BYTES_MAX) await disk.remove(path);
  }
}
