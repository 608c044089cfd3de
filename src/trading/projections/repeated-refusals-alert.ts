/** An inbox item about an agent whose calls were refused repeatedly: actor, names, counts. */
import type { Actor } from "../../domain/event.ts";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import type { Inbox } from "../../workspace/inbox.ts";
import { iso } from "../../lib/time.ts";

const NAMES_SHOWN = 12;
const NAME_CHARS_MAX = 60;

/** The agent chose this name: it is truncated, invisible characters are escaped, and it cannot leave its code span. */
function quotedName(name: string): string {
  return `\`${escapeInvisible(name.slice(0, NAME_CHARS_MAX)).replaceAll("`", "'")}\``;
}

/** Writes one item per actor and day. */
export async function writeRefusalAlert(
  inbox: Inbox,
  at: number,
  actor: Actor,
  counts: ReadonlyMap<string, number>,
): Promise<void> {
  const names = [...counts].toSorted(([, a], [, b]) => b - a);
  const otherCount = names.slice(NAMES_SHOWN).reduce((sum, [, count]) => sum + count, 0);
  const title = `Repeated refused calls by ${actor}`;
  const lines = [
    ...names.slice(0, NAMES_SHOWN).map(([name, count]) => `- ${quotedName(name)}: ${timesText(count)}`),
    ...(otherCount === 0 ? [] : [`- other names: ${timesText(otherCount)}`]),
  ];
  await inbox.writeHostItem({
    name: `${iso(at).slice(0, 10)}-alert-refused-${actor.replace(/^agent:/, "")}`,
    frontmatter: { kind: "alert", status: "new", title, actor, run: actor.replace(/^agent:/, ""), at: iso(at) },
    body: [
      `## ${title}`,
      "",
      "Refused within ten minutes:",
      "",
      ...lines,
      "",
      "None of these calls ran. `qoc logs` has each attempt; `qoc agents revoke` removes the agent's access, and Ctrl-C ends a run.",
      "",
    ].join("\n"),
  });
}

function timesText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
