/** Turns a place in a bundle back into the author's file and line. */
import type { Digest } from "../domain/ids.ts";
import type { Bundle } from "./bundle.ts";
import { openSourceMap } from "./source-map.ts";

type Mapper = (text: string) => string;

/** Reading it would hold up the desk: beyond this, places stay those of the bundle. */
const MAP_CHARS_MAX = 64 * 1024 * 1024;

/** Reading the map of a large bundle takes long: it is read once for a bundle, and not once for a life. */
export function bundleMapper(): (filename: string, bundle: Pick<Bundle, "digest" | "map">) => Mapper {
  let last: { readonly digest: Digest; readonly mapper: Mapper } | undefined;
  return (filename, { digest, map }) => {
    if (last?.digest !== digest) last = { digest, mapper: stackMapper(filename, map) };
    return last.mapper;
  };
}

/** Rewrites `qoc:<name>:LINE:COLUMN` in a stack or message; `base` is the folder that short paths are relative to. */
export function stackMapper(filename: string, map: string): Mapper {
  let find: ReturnType<typeof openSourceMap> | undefined;
  const escaped = filename.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const place = new RegExp(`${escaped}:(\\d+):(\\d+)`, "g");
  if (map.length > MAP_CHARS_MAX) return (text) => text;
  return (text) =>
    text.replace(place, (whole, line: string, column: string) => {
      find ??= openSourceMap(map);
      const found = find(Number(line), Number(column));
      return found === undefined ? whole : `${found.source}:${found.line}:${found.column}`;
    });
}
