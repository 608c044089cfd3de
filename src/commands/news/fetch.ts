import * as z from "zod";
import { QocError } from "../../domain/errors/error.ts";
import { suggestion } from "../../domain/ids.ts";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { feedStatusSchema, renderFeeds } from "./feed-status.ts";

export const command = defineCommand({
  name: "news fetch",
  group: "research",
  audience: "human",
  runs: "desk",
  writes: ["inbox/news/"],
  summary: "fetch the feeds of desk.toml now",
  examples: ["qoc news fetch", "qoc news fetch ft-markets"],
  exits: [5],
  input: () => z.strictObject({ feed: positional(z.string().optional(), "FEED", "only this feed") }),
  output: () => z.array(feedStatusSchema()),
  run: async ({ feed }, context) => {
    const { desk, news } = requireDesk(context);
    const names = desk.config.news.map(({ name }) => name);
    if (news === undefined || names.length === 0) throw invalid("desk.toml names no feed ([[news]] name, url)");
    if (feed !== undefined && !names.includes(feed)) throw invalid(`no feed ${feed}${suggestion(feed, names)}`);
    return news.fetchNow(feed);
  },
  render: renderFeeds,
});

function invalid(message: string): QocError {
  return new QocError("INVALID_INPUT", { command: "news fetch", message });
}
