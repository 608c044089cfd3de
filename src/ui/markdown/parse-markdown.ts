/** Runs the Markdown parser in a worker, and gives it up after a deadline. */
import type { Browser } from "../browser.ts";
import type { MarkdownNode } from "./markdown-worker.ts";

/** For the parser alone; the thread itself may take longer to start on a busy machine. */
const [DEADLINE_MS, START_MS] = [500, 10_000];
const TEXT_MAX = 200_000;

/**
 * The one address that may start a thread: the browser refuses every other one, because the page's policy lists this
 * policy alone. The name of the file is in the page that the desk served.
 */
const address = document.querySelector<HTMLMetaElement>('meta[name="markdown-worker"]')?.content ?? "";
interface ScriptPolicy {
  createScriptURL(url: string): string;
}
const { trustedTypes } = globalThis as {
  trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy };
};
const identity: ScriptPolicy = { createScriptURL: () => new URL(address, document.baseURI).href };
const policy = trustedTypes?.createPolicy("qoc-worker", identity) ?? identity;

/** undefined: the text is too large, too deep, or takes too long. */
export function parseMarkdown(browser: Browser, text: string): Promise<readonly MarkdownNode[] | undefined> {
  if (text.length > TEXT_MAX) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const worker = new Worker(policy.createScriptURL(address), { type: "module" });
    const finish = (nodes: readonly MarkdownNode[] | undefined): void => {
      cancel();
      worker.terminate();
      resolve(nodes);
    };
    let cancel = browser.after(START_MS, () => finish(undefined));
    worker.addEventListener("message", ({ data }: MessageEvent<readonly MarkdownNode[] | "ready">) => {
      if (data !== "ready") return finish(data);
      cancel();
      cancel = browser.after(DEADLINE_MS, () => finish(undefined));
      worker.postMessage(text);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      finish(undefined);
    });
  });
}
