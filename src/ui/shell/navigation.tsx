/** The pages: at the side of a wide screen, at the bottom of a phone. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../parts/icons.tsx";
import { Count } from "../parts/marks.tsx";
import { usePage } from "../page-context.ts";
import { PAGES } from "../pages-list.ts";
import { hrefOf } from "../router.ts";
import { useStatus, waitingOf } from "../status.ts";

type NavigationLink = (typeof PAGES)[number];

function useCounts(): Readonly<Record<string, readonly [number, string]>> {
  const status = useStatus();
  return {
    review: [waitingOf(status).length, "wait"],
    inbox: [status?.inbox.new ?? 0, "new"],
  };
}

function LinkTo({ link, current }: { readonly link: NavigationLink; readonly current: string }): JSX.Element {
  const { preferences } = usePage();
  const [count, what] = useCounts()[link.page] ?? [0, ""];
  return (
    <a href={hrefOf(link.page)} aria-current={link.page === current ? "page" : undefined}>
      <Icon name={link.page} />
      <span>{link.title}</span>
      <Count value={count} what={what} />
      {preferences.keys.value === "on" ? <kbd aria-hidden="true">g {link.key}</kbd> : null}
    </a>
  );
}

export function SideBar({ current }: { readonly current: string }): JSX.Element {
  return (
    <nav class="side" aria-label="Pages">
      {PAGES.map((link) => (
        <LinkTo key={link.page} link={link} current={current} />
      ))}
    </nav>
  );
}

const ON_PHONE = ["", "review", "orders", "inbox"];

export function FootBar({ current }: { readonly current: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [first, others] = [true, false].map((isFirst) =>
    PAGES.filter(({ page }) => ON_PHONE.includes(page) === isFirst),
  );
  const isMore = !ON_PHONE.includes(current);
  return (
    <nav class="foot" aria-label="Pages on a phone">
      {isOpen ? (
        <div class="more" onClick={() => setOpen(false)}>
          {(others ?? []).map((link) => (
            <LinkTo key={link.page} link={link} current={current} />
          ))}
        </div>
      ) : null}
      {(first ?? []).map((link) => (
        <LinkTo key={link.page} link={link} current={current} />
      ))}
      <button type="button" class={isMore ? "current" : ""} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="more" />
        <span>More</span>
      </button>
    </nav>
  );
}
