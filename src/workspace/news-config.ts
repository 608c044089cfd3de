/** `[[news]]` of desk.toml: which feeds the desk reads, and how often. */
import { z } from "zod";

export interface NewsFeed {
  readonly name: string;
  readonly url: string;
  readonly everyMs: number;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const period = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, 'must be a time such as "15m", "2h" or "1d"')
  .transform((text) => Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? 0))
  .refine((ms) => ms <= 30 * 86_400_000, "must be 30d at most");

/** A name or password in it would stand in every file that names the source. */
function isFeedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
}

export const newsSchema = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be a name of a-z, 0-9 and -, at most 40"),
      url: z.string().max(2_000).refine(isFeedUrl, "must be an http or https address without a password"),
      every: period.prefault("15m"),
    }),
  )
  .max(100)
  .superRefine((feeds, context) => {
    for (const [index, { name }] of feeds.entries()) {
      if (feeds.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: "custom", path: [index, "name"], message: `${name} stands twice` });
    }
  });

export function newsOf(entries: z.output<typeof newsSchema>): readonly NewsFeed[] {
  return entries.map(({ name, url, every }) => ({ name, url, everyMs: every }));
}
