/** What a record changes, as names for the page: ids, no text and no amount. The page reads the rest by commands. */
import type { DeskEvent } from "../domain/event.ts";

/** Folders whose files are pages of their own. */
const FILE_TOPICS = ["inbox", "issues", "research", "entities", "schedules"];

export function topicsOf(event: DeskEvent): readonly string[] {
  switch (event.type) {
    case "fill.received":
    case "fill.conflicted":
      return event.id === null ? ["fills", "book"] : [`order:${event.id}`, "fills", "book", "inbox"];
    case "account.marked":
      return ["book", `connector:${event.connector}`];
    case "cash.moved":
    case "nav.unexplained":
    case "instrument.flagged":
    case "instrument.cleared":
    case "instrument.agreed":
    case "instrument.split":
    case "position.adopted":
    case "item.unread":
    case "item.resolved":
      return ["book"];
    case "connector.changed":
      return [`connector:${event.connector}`];
    case "trading.changed":
      return ["trading"];
    case "run.started":
    case "run.ended":
      return [`run:${event.run}`, "issues"];
    case "snapshot.taken":
    case "snapshot.started":
      return ["equity"];
    // The file is not there yet.
    case "file.authored":
      return [];
    case "file.written":
      return FILE_TOPICS.filter((folder) => event.path.startsWith(`${folder}/`));
    default:
      return otherTopics(event);
  }
}

function otherTopics(event: DeskEvent): readonly string[] {
  if ("id" in event && event.id !== null) return [`order:${event.id}`];
  const [kind] = event.type.split(".");
  switch (kind) {
    case "config":
      return ["config"];
    case "schedule":
      return ["schedules"];
    case "agent":
    case "command":
      return ["agents"];
    case "page":
    case "passkey":
      return ["pages"];
    default:
      return ["desk"];
  }
}
