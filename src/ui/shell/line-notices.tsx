/** What concerns the whole page: the desk is gone, read-only, not in force as written, or serves a newer page. */
import type { JSX } from "preact";
import { usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Notice, Time } from "../parts/texts.tsx";
import { useStatus } from "../status.ts";

/** A short cut needs no explanation. */
const GONE_MS = 5_000;

export function LineNotices(): JSX.Element {
  const { line, now, isOutdated } = usePage();
  const status = useStatus();
  const { state, since } = line.value;
  return (
    <div class="line-notices">
      {state === "lost" && now.value - since > GONE_MS ? (
        <Notice tone="bad" role="alert" title="The desk does not answer.">
          Orders at venues stay there. Values on this page are from <Time at={since} /> or before. In the desk’s folder:{" "}
          <code>qoc up</code>
        </Notice>
      ) : null}
      {isOutdated.value ? (
        <Notice tone="info" title="A newer page is there.">
          <Button onPress={() => location.reload()}>Load it</Button>
        </Notice>
      ) : null}
      {status?.readOnly === null || status === undefined ? null : (
        <Notice tone="bad" title="The desk is read-only:">
          {status.readOnly}
        </Notice>
      )}
      {(status?.config ?? []).map(({ kind, text, changes, fix }) => (
        <Notice key={kind} tone="warn">
          {text}
          {changes.length === 0 ? "" : ` (${changes.join("; ")})`}.{" "}
          {fix === null ? null : (
            <span>
              Next: <code>{fix}</code>
            </span>
          )}
        </Notice>
      ))}
      {status?.unread === undefined || status.unread.length === 0 ? null : (
        <Notice tone="warn" title={`Cannot be read: ${unreadCount(status.unread.length)}.`}>
          Incomplete: {[...new Set(status.unread.map(({ connector }) => connector))].join(", ")}.{" "}
          <code>qoc status</code> lists what is missing
        </Notice>
      )}
      {(status?.flagged ?? []).map((instrument) => (
        <Notice key={instrument} tone="warn" title={`${instrument} is blocked:`}>
          the venue and the fills do not agree. Look at the venue, then <code>qoc resolve {instrument}</code>
        </Notice>
      ))}
    </div>
  );
}

function unreadCount(count: number): string {
  return count === 1 ? "a fill or an activity" : `${count} fills and activities`;
}
