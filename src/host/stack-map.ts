/** Turns a place in a bundle back into the author's file and line. */
import { SourceMap, type SourceMapPayload } from "node:module";
import type { Digest } from "../domain/ids.ts";
import type { Bundle } from "./bundle.ts";

type Mapper = (text: string) => string;

/** Reading the map of a large bundle takes long: it is read once for a bundle, and not once for a life. */
export const bundleMapper = (): ((filename: string, bundle: Pick<Bundle, "digest" | "map">) => Mapper) => {
  let last: { readonly digest: Digest; readonly mapper: Mapper } | undefined;
  return (filename, { digest, map }) => {
    if (last?.digest !== digest) last = { digest, mapper: stackMapper(filename, map) };
    return last.mapper;
  };
};

/** Rewrites `qoc:<name>:LINE:COLUMN` in a stack or message; `base` is the folder that short paths are relative to. */
export const stackMapper = (filename: string, map: string): Mapper => {
  let source: SourceMap | undefined;
  const escaped = filename.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const place = new RegExp(`${escaped}:(\\d+):(\\d+)`, "g");
  return (text) =>
    text.replace(place, (whole, line: string, column: string) => {
      source ??= new SourceMap(JSON.parse(map) as SourceMapPayload);
      const entry = source.findEntry(Number(line) - 1, Number(column) - 1);
      return "originalSource" in entry ? `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}` : whole;
    });
};
