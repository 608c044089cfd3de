/** Turns a place in a bundle back into the author's file and line. */
import { SourceMap, type SourceMapPayload } from "node:module";

/** Rewrites `qoc:<name>:LINE:COLUMN` in a stack or message; `base` is the folder that short paths are relative to. */
export const stackMapper = (filename: string, map: string): ((text: string) => string) => {
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
