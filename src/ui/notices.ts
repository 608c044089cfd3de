/** What counts the proposals that wait outside of the page's own text: title, icon, announcement and notification. */
import { useEffect } from "preact/hooks";
import { deskOf } from "./desk-client.ts";
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
  useEffect(shareVisibility, []);
  useEffect(() => {
    if (waiting > 0) void nameOnce(page, ids);
  }, [page, ids.join(" ")]);
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
/** Each tab that is looked at holds this lock, shared with the others. */
const LOOKED_AT = "qoc.looked-at";

/** Lets the other tabs know whether this one is looked at. Returns a function that ends it. */
function shareVisibility(): () => void {
  let release: (() => void) | undefined;
  const follow = (): void => {
    if (document.visibilityState === "visible") {
      release ??= holdShared(LOOKED_AT);
      return;
    }
    release?.();
    release = undefined;
  };
  follow();
  document.addEventListener("visibilitychange", follow);
  return () => {
    document.removeEventListener("visibilitychange", follow);
    release?.();
  };
}

/** Returns a function that releases the lock, also if it is not granted yet. */
function holdShared(name: string): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks.request(name, { mode: "shared" }, () => released);
  return release;
}

function isAnyTabLookedAt(): Promise<boolean> {
  return navigator.locks.request(LOOKED_AT, { ifAvailable: true }, (lock) => lock === null);
}

/**
 * The tabs take turns: the first of them names a proposal, and the others find it named. A hidden tab says nothing
 * while another one is looked at, which shows the proposal itself.
 */
async function nameOnce({ browser, preferences }: PageServices, ids: readonly string[]): Promise<void> {
  if (preferences.notices.peek() !== "on") return;
  await navigator.locks.request(NAMED, async () => {
    const named = browser.recall(NAMED)?.split(" ") ?? [];
    // Another desk at this port can have the same ids.
    const names = ids.map((id) => `${deskOf(browser)}/${id}`);
    if (names.every((name) => named.includes(name))) return;
    const isSeen = document.visibilityState === "visible";
    if (!isSeen && (await isAnyTabLookedAt())) return;
    browser.keep(NAMED, [...new Set([...named, ...names])].slice(-NAMED_MAX).join(" "));
    if (isSeen || !("Notification" in globalThis) || Notification.permission !== "granted") return;
    // The next tab may have the lock before what is kept reaches its process: with the tag a browser shows one of two.
    void new Notification("Qoc", { body: sentenceOf(ids.length), tag: "qoc.waiting" });
  });
}
