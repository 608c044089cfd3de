/** Logins that were refused: one record a minute for each reason, and one inbox item for a link that was used twice. */
import { messageOf } from "../../domain/errors/error.ts";
import type { Digest } from "../../domain/ids.ts";
import type { PageRefused } from "../../domain/pages/page-event.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";

const WINDOW_MS = 60_000;

type RefusalDesk = Pick<Desk, "clock" | "log" | "publish" | "readOnly"> & {
  readonly workspace: Pick<Desk["workspace"], "inbox">;
};

export interface PageRefusals {
  record(reason: PageRefused["reason"]): void;
  /** The code of a link came again. */
  used(code: Digest, usedAt: number): void;
  /** Publishes what was counted. */
  flush(): void;
}

export function openPageRefusals(desk: RefusalDesk): PageRefusals {
  const counts = new Map<PageRefused["reason"], number>();
  const flush = (): void => {
    const counted = [...counts];
    counts.clear();
    // The log has the attempts of a desk that cannot write.
    if (desk.readOnly() !== undefined) return;
    for (const [reason, count] of counted) desk.publish({ type: "page.refused", reason, count });
  };
  const record = (reason: PageRefused["reason"]): void => {
    if (counts.size === 0) desk.clock.after(WINDOW_MS, flush);
    const count = counts.get(reason) ?? 0;
    counts.set(reason, count + 1);
    if (count === 0) desk.log.warn(`the login of a page was refused: ${reason}`);
  };
  return {
    record,
    flush,
    used: (code, usedAt) => {
      record("used code");
      writeAlert(desk, code, usedAt).catch((error: unknown) => desk.log.error(`inbox: ${messageOf(error)}`));
    },
  };
}

/** The name is that of the code, so that one link causes one item. */
async function writeAlert({ clock, workspace }: RefusalDesk, code: Digest, usedAt: number): Promise<void> {
  const title = "A link to the page was opened twice";
  await workspace.inbox.writeHostItem({
    name: `${iso(usedAt).slice(0, 10)}-alert-page-link-${code.slice(-8)}`,
    frontmatter: { kind: "alert", status: "new", title, at: iso(clock.now()) },
    body: [
      `## ${title}`,
      "",
      `A page logged in with it at ${iso(usedAt)}. The second attempt opened nothing.`,
      "",
      "If the first page was not yours, end it: `qoc ui revoke --all`.",
      "",
    ].join("\n"),
  });
}
