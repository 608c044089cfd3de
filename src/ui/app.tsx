/** The frame of every page: header, navigation, and the page of the present route. */
import type { ComponentChild, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { PageContext, type PageServices, usePage } from "./page-context.ts";
import { listenToKeys } from "./keyboard.ts";
import { guardPresses } from "./press-guard.ts";
import { FootBar, SideBar } from "./shell/navigation.tsx";
import { Header } from "./shell/header.tsx";
import { KeyHelp } from "./shell/key-help.tsx";
import { LineNotices } from "./shell/line-notices.tsx";
import { DeskPage } from "./pages/desk.tsx";
import { LazyPage } from "./pages/lazy-page.tsx";
import { ReviewPage } from "./review/review-page.tsx";
import { INNER_PAGES } from "./pages-list.ts";
import { route } from "./router.ts";
import { ZONE } from "./times.ts";
import { useNotices } from "./notices.ts";

export function App({ page }: { readonly page: PageServices }): JSX.Element {
  return (
    <PageContext.Provider value={page}>
      <Drawn />
    </PageContext.Provider>
  );
}

/**
 * Is never drawn again. Preact keeps a provider's children as they were drawn first: if the frame were such a child,
 * every page that was ever opened would stay in memory.
 */
function Drawn(): JSX.Element {
  return <Frame />;
}

function Frame(): JSX.Element {
  const page = usePage();
  const [showsKeys, setShowsKeys] = useState(false);
  useNotices();
  useEffect(() => listenToKeys(page, { showKeys: () => setShowsKeys(true) }), [page]);
  useEffect(() => guardPresses(page), [page]);
  const { page: name, id } = route.value;
  const marked = INNER_PAGES.find(({ page: inner }) => inner === name)?.from ?? name;
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the page
      </a>
      <Header />
      <div class="shell">
        <SideBar current={marked} />
        <main id="main" tabIndex={-1} key={name}>
          <LineNotices />
          {contentOf(name, id)}
          <p class="zone dim small">Times are in the zone {ZONE}.</p>
        </main>
      </div>
      <FootBar current={marked} />
      <p class="sr" role="status">
        {page.announcement.value}
      </p>
      {showsKeys ? <KeyHelp onClose={() => setShowsKeys(false)} /> : null}
    </>
  );
}

/** The hash is the route, so the link cannot use it. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#main")?.focus();
}

function contentOf(name: string, id: string): ComponentChild {
  if (name === "") return <DeskPage />;
  return name === "review" ? <ReviewPage id={id} /> : <LazyPage name={name} id={id} />;
}
