/** The notices about desk.toml as lines for a person. */
import type { ConfigNotice } from "../../domain/status-view.ts";
import { CHANGES_SHOWN } from "../../trading/config/notice-text.ts";
import { INDENT, type OutputStyle } from "./table-text.ts";
import { oneLine, wrap } from "./terminal-text.ts";

export function renderNotices(notices: readonly ConfigNotice[], style: OutputStyle): readonly string[] {
  return notices.flatMap(({ text, changes, fix }) => {
    const more = changes.length - CHANGES_SHOWN;
    const details = [
      ...changes.slice(0, CHANGES_SHOWN),
      ...(more > 0 ? [`and ${more} more`] : []),
      ...(fix === null ? [] : [`fix: ${fix}`]),
    ];
    const [first = "", ...rest] = wrap(oneLine(text), style.columns - INDENT.length);
    return [
      `${style.paint("yellow", "!")} ${first}`,
      ...[...rest, ...details.flatMap((line) => wrap(oneLine(line), style.columns - INDENT.length))].map(
        (line) => INDENT + line,
      ),
    ];
  });
}
