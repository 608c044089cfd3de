/** Pages that are loaded when they are opened. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Heading } from "../parts/heading.tsx";
import { Empty, Loading } from "../parts/texts.tsx";
import type { RoutedPage } from "../router.ts";
import { INNER_PAGES, PAGES } from "../pages-list.ts";

type Pages = Readonly<Record<string, ComponentType<RoutedPage>>>;

export function LazyPage({ name, id }: { readonly name: string; readonly id: string }): JSX.Element {
  const [pages, setPages] = useState<Pages | undefined>();
  useEffect(() => {
    void import("./all-pages.ts").then(({ LAZY_PAGES }) => setPages(LAZY_PAGES));
  }, []);
  const known = [...PAGES, ...INNER_PAGES].find(({ page }) => page === name);
  if (known === undefined)
    return (
      <>
        <Heading>No such page</Heading>
        <Empty>
          <a href="#/">The desk</a> lists what there is.
        </Empty>
      </>
    );
  const Page = pages?.[name];
  return Page === undefined ? <Loading what={known.title} /> : <Page id={id} />;
}
