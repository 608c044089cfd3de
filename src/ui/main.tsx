/** Starts the page: opens the session with the code of a link, and draws the page. */
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./page.css";
import { App } from "./app.tsx";
import { systemBrowser as browser } from "./browser.ts";
import { DeskData } from "./desk-data.ts";
import { HttpDeskClient, deskOf, onOtherDesk, requestErrorOf } from "./desk-client.ts";
import { Drafts } from "./drafts.ts";
import { EventStream, type StreamMessage } from "./event-stream.ts";
import { LoginPage, type SignedOut } from "./login/login-page.tsx";
import { isOpenedByOther, rememberAskedFor } from "./opened-by-other.ts";
import type { PageServices } from "./page-context.ts";
import { applyPreferences, loadPreferences } from "./preferences.ts";
import { followHash } from "./router.ts";
import { SessionKey } from "./session-key.ts";

// Kept no longer than it is needed.
const { code } = openedLink;
openedLink.code = undefined;

const root = document.querySelector("#app");
if (root === null) throw new Error("the page has no place to draw in");
root.replaceChildren();

const key = new SessionKey(browser);
const signedOut = signal<SignedOut | undefined>(undefined);
const client = new HttpDeskClient(browser, key, () => {
  signedOut.value = { kind: "ended" };
});
const preferences = loadPreferences(browser);
applyPreferences(preferences);
const drafts = new Drafts(browser, () => deskOf(browser));
// What this tab has of the desk before says nothing of the other one.
onOtherDesk(() => location.reload());
// A link that is opened in a tab of the page changes the hash alone, and loads nothing.
addEventListener("hashchange", () => {
  const pasted = openedLink.takeCode();
  if (pasted !== undefined) void signIn(pasted);
});
followHash();

async function signIn(loginCode: string): Promise<void> {
  signedOut.value = { kind: "opening" };
  try {
    await client.login(loginCode);
    rememberAskedFor();
    signedOut.value = undefined;
  } catch (error) {
    signedOut.value = { kind: "refused", error: requestErrorOf(error) };
  }
}

function goOn(): void {
  rememberAskedFor();
  signedOut.value = undefined;
}

function openPage(): { readonly page: PageServices; readonly close: () => void } {
  const data = new DeskData(browser, client);
  const isOutdated = signal(false);
  let asset: string | undefined;
  const take = (message: StreamMessage): void => {
    if (message.kind === "ended") client.signOut();
    if (message.kind === "hello") {
      asset ??= message.asset;
      isOutdated.value = asset !== message.asset;
    }
    data.take(message);
  };
  const stream = new EventStream(browser, client, take);
  const now = signal(browser.now());
  let cancelTick: (() => void) | undefined;
  const tick = (): void => {
    cancelTick?.();
    now.value = browser.now();
    stream.look();
    cancelTick = browser.after(1_000, tick);
  };
  tick();
  // A tab that was hidden, or slept, must not show the ages of before.
  document.addEventListener("visibilitychange", tick);
  stream.start();
  const { line, contactAt } = stream;
  const announcement = signal("");
  const close = (): void => {
    stream.stop();
    document.removeEventListener("visibilitychange", tick);
    cancelTick?.();
  };
  const signOut = (): Promise<void> => {
    drafts.dropAll();
    return client.logout();
  };
  const session = { name: key.session, signOut };
  const shared = { browser, client, data, preferences, drafts, announcement, isOutdated, session };
  return { page: { ...shared, line, contactAt, now }, close };
}

function drawSession(place: Element): void {
  let close: (() => void) | undefined;
  effect(() => {
    const state = signedOut.value;
    close?.();
    close = undefined;
    if (state !== undefined) {
      render(<LoginPage state={state} />, place);
      return;
    }
    const opened = openPage();
    close = opened.close;
    render(<App page={opened.page} />, place);
  });
}

if (code !== undefined) await signIn(code);
else if (!client.isSignedIn) signedOut.value = { kind: "none" };
else if (isOpenedByOther()) signedOut.value = { kind: "opened by other", goOn };
drawSession(root);
