/** Pages that are loaded when they are opened. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Heading } from "../parts/heading.tsx";
import { Empty, Loading } from "../parts/texts.tsx";
import type { RoutedPage } from "../router.ts";
import { PAGES } from "../pages-list.ts";

type Routed = ComponentType<RoutedPage>;

const LOADERS: Readonly<Record<string, () => Promise<Routed>>> = {
  orders: async () => (await import("./all-pages.ts")).OrdersPage,
  positions: async () => (await import("./all-pages.ts")).PositionsPage,
  equity: async () => (await import("./all-pages.ts")).EquityPage,
  fills: async () => (await import("./all-pages.ts")).FillsPage,
  inbox: async () => (await import("./all-pages.ts")).InboxPage,
  connectors: async () => (await import("./all-pages.ts")).ConnectorsPage,
  logs: async () => (await import("./all-pages.ts")).LogsPage,
  issues: async () => (await import("./all-pages.ts")).IssuesPage,
  agents: async () => (await import("./all-pages.ts")).AgentsPage,
  settings: async () => (await import("./all-pages.ts")).SettingsPage,
  research: async () => (await import("./all-pages.ts")).ResearchPage,
  record: async () => (await import("./all-pages.ts")).RecordPage,
};

export function LazyPage({ name, id }: { readonly name: string; readonly id: string }): JSX.Element {
  const [loaded, setLoaded] = useState<{ readonly name: string; readonly Page: Routed } | undefined>();
  useEffect(() => {
    let isCurrent = true;
    void LOADERS[name]?.().then((Page) => {
      if (isCurrent) setLoaded({ name, Page });
    });
    return () => {
      isCurrent = false;
    };
  }, [name]);
  if (LOADERS[name] === undefined)
    return (
      <>
        <Heading>No such page</Heading>
        <Empty>
          <a href="#/">The desk</a> lists what there is.
        </Empty>
      </>
    );
  if (loaded?.name !== name) return <Loading what={PAGES.find(({ page }) => page === name)?.title ?? "the page"} />;
  return <loaded.Page id={id} />;
}
