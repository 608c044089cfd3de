/** A whole desk with its page, and a browser that is signed in to it. */
import type { BrowserContext, Page } from "playwright-core";
import { pageDesk } from "../../support/page-desk.ts";
import { type TempDesk, type TempDeskOptions, discard } from "../../support/temp-desk.ts";
import { type Complaints, PATIENT, watch } from "./chromium.ts";

export interface BrowserDesk extends Pick<TempDesk, "call" | "write" | "read" | "root" | "reaches"> {
  readonly desk: TempDesk;
  readonly origin: string;
  /** The link that `qoc ui` prints. */
  link(): Promise<string>;
  /** Opens a page that is signed in. */
  signIn(context: BrowserContext): Promise<SignedInPage>;
  /** Proposes a limit order of SPX that no guard blocks. Returns its id. */
  propose(terms?: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

export interface SignedInPage {
  readonly page: Page;
  readonly complaints: Complaints;
  /** Opens a route, for example `review/20261128-001`. */
  go(route: string): Promise<void>;
}

/**
 * Waits until the page that was opened shows the desk, and moves the mouse on it: the page takes no press of a mouse
 * that has not moved since.
 */
export async function arriveAt(page: Page): Promise<void> {
  await page.getByText("up to date").waitFor();
  await page.mouse.move(0, 0);
}

export async function browserDesk(options: TempDeskOptions = {}): Promise<BrowserDesk> {
  const { desk, origin, link } = await pageDesk(options);
  return {
    ...{ desk, origin, link, call: desk.call, write: desk.write, read: desk.read, root: desk.root },
    reaches: desk.reaches,
    signIn: async (context) => {
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENT.timeout);
      const complaints = watch(page, origin);
      await page.goto(await link());
      await arriveAt(page);
      const go = async (route: string): Promise<void> => {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, `#/${route}`);
        await page.locator("h1").waitFor();
      };
      return { page, complaints, go };
    },
    propose: async (terms = {}) => {
      const order = { side: "buy", symbol: "SPX", quantity: "2", type: "limit", limitPrice: "2900", ...terms };
      const { id } = await desk.call<{ id: string }>("orders propose", { rationale: "A small one.", ...order });
      return id;
    },
    stop: async () => {
      await desk.stop();
      await discard(desk);
    },
  };
}

/** desk.toml with a market that hardly moves, and no limit on equal orders. */
export function calm(template: string): string {
  return template
    .replace("bar_seconds = 2 ", "bar_seconds = 600 ")
    .replace('[[guard]]\nkey = "duplicate-order"\nwindow_s = 600\n', "");
}
