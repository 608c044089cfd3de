/** The status of a news feed, as `news list` and `news fetch` return it. */
import * as z from "zod";
import type { OutputStyle } from "../rendering/table-text.ts";
import { tableOr } from "../rendering/table-text.ts";
import { untrustedSchemaFor } from "../untrusted-text.ts";
import { lazy } from "../../lib/lazy.ts";

export const feedStatusSchema = lazy(() =>
  z.object({
    name: z.string(),
    status: z.enum(["waiting", "ready", "failing"]),
    failures: z.number(),
    filed: z.number(),
    fetchedAt: z.string().nullable(),
    nextAt: z.string().nullable(),
    untrusted: untrustedSchemaFor("why it failed").nullable(),
  }),
);

export function renderFeeds(
  feeds: readonly z.output<ReturnType<typeof feedStatusSchema>>[],
  style: OutputStyle,
): readonly string[] {
  return tableOr(
    style,
    [
      { title: "feed", cell: ({ name }) => name },
      { title: "status", cell: ({ status }) => status },
      { title: "new", cell: ({ filed }) => String(filed), isNumber: true },
      { title: "fetched", cell: ({ fetchedAt }) => fetchedAt ?? "-" },
      { title: "next", cell: ({ nextAt }) => nextAt ?? "-" },
      { title: "why", cell: ({ untrusted }) => untrusted?.text ?? "", shrinks: true },
    ],
    feeds,
    "no feeds",
  );
}
