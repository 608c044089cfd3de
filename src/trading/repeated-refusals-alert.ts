/** One note in the inbox about an agent that goes on trying what it may not: who, what, how often. */
import type { Actor } from "../domain/event.ts";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import type { Inbox } from "../workspace/inbox.ts";
import { iso } from "./desk.ts";

const NAMES_SHOWN = 12;
const NAME_CHARS_MAX = 60;

/** The agent chose these words: they are cut, unseen characters are spelled, and they cannot leave their code span. */
function shown(name: string): string {
  return `\`${escapeInvisible(name.slice(0, NAME_CHARS_MAX)).replaceAll("`", "'")}\``;
}

/** Written once a day for each actor. */
export async function writeRefusalAlert(
  inbox: Inbox,
  at: number,
  actor: Actor,
  tried: ReadonlyMap<string, number>,
): Promise<void> {
  const names = [...tried].toSorted(([, a], [, b]) => b - a);
  const rest = names.slice(NAMES_SHOWN).reduce((sum, [, count]) => sum + count, 0);
  const title = `${actor} tries what it may not`;
  const lines = [
    ...names.slice(0, NAMES_SHOWN).map(([name, count]) => `- ${shown(name)}: ${count} times`),
    ...(rest === 0 ? [] : [`- other names: ${rest} times`]),
  ];
  await inbox.writeHostItem({
    name: `${iso(at).slice(0, 10)}-alert-refused-${actor.replace(/^agent:/, "")}`,
    frontmatter: { kind: "alert", status: "new", title, actor, run: actor.replace(/^agent:/, ""), at: iso(at) },
    body: [
      `## ${title}`,
      "",
      "Within ten minutes, each refused:",
      "",
      ...lines,
      "",
      "Nothing of it was done. `qoc logs` has each attempt; `qoc agents revoke` sends an agent away, and Ctrl-C ends a run.",
      "",
    ].join("\n"),
  });
}
