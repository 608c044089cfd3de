/** What counts the proposals that wait outside of the page's own text: title, icon, announcement and notification. */
import { useEffect } from "preact/hooks";
import { type PageServices, usePage } from "./page-context.ts";
import { useStatus, waitingOf } from "./status.ts";

/** Title and icon count what waits; a notification, if the human chose it, says only how many. */
export function useNotices(): void {
  const page = usePage();
  const status = useStatus();
  const ids = waitingOf(status).map(({ id }) => id);
  const waiting = ids.length;
  useEffect(() => {
    document.title = waiting === 0 ? "Qoc" : `(${waiting}) Qoc`;
    setIcon(waiting);
  }, [waiting]);
  useEffect(() => (status === undefined ? undefined : announceLater(page, waiting)), [page, waiting]);
  useEffect(() => (waiting === 0 ? undefined : notifyLater(page, ids)), [page, ids.join(" ")]);
}

let iconOfNothing: string | undefined;

function setIcon(waiting: number): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null) return;
  iconOfNothing ??= link.href;
  link.href = waiting === 0 ? iconOfNothing : countIcon(waiting);
}

function countIcon(waiting: number): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [32, 32];
  const context = canvas.getContext("2d");
  if (context === null) return "";
  context.fillStyle = "#b3261e";
  context.beginPath();
  context.arc(16, 16, 16, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "#fff";
  context.font = "bold 20px system-ui, sans-serif";
  [context.textAlign, context.textBaseline] = ["center", "middle"];
  context.fillText(waiting > 9 ? "9+" : String(waiting), 16, 17);
  return canvas.toDataURL("image/png");
}

function sentenceOf(waiting: number): string {
  if (waiting === 0) return "No proposal waits";
  return waiting === 1 ? "1 proposal waits" : `${waiting} proposals wait`;
}

/** A screen reader is not interrupted more often, however fast proposals come and go. */
const ANNOUNCE_MS = 5_000;
let [announcedAt, announced] = [Number.NEGATIVE_INFINITY, 0];

function announceLater({ browser, announcement }: PageServices, waiting: number): (() => void) | undefined {
  if (waiting === announced) return undefined;
  const wait = Math.max(0, announcedAt + ANNOUNCE_MS - browser.now());
  return browser.after(wait, () => {
    [announcedAt, announced] = [browser.now(), waiting];
    announcement.value = `${sentenceOf(waiting)}.`;
  });
}

/** The proposals that a tab of this browser has named, or that a human saw in one. */
const NAMED = "qoc.named";
const NAMED_MAX = 200;
/** A tab that is looked at comes first, and then no other one says anything. */
const HIDDEN_MS = 1_000;

function notifyLater(page: PageServices, ids: readonly string[]): (() => void) | undefined {
  if (page.preferences.notices.peek() !== "on") return undefined;
  const isSeen = document.visibilityState === "visible";
  return page.browser.after(isSeen ? 0 : HIDDEN_MS, () => void nameOnce(page, ids));
}

/** The tabs take turns: the first of them names a proposal, and the others find it named. */
async function nameOnce({ browser }: PageServices, ids: readonly string[]): Promise<void> {
  await navigator.locks.request(NAMED, () => {
    const named = browser.recall(NAMED)?.split(" ") ?? [];
    if (ids.every((id) => named.includes(id))) return;
    browser.keep(NAMED, [...new Set([...named, ...ids])].slice(-NAMED_MAX).join(" "));
    if (document.visibilityState === "visible") return;
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    void new Notification("Qoc", { body: sentenceOf(ids.length), tag: "qoc.waiting" });
  });
}
