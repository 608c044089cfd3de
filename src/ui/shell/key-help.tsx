/** The list of keys. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { presentKeys } from "../keyboard.ts";
import { Button } from "../parts/button.tsx";
import { PAGES } from "../pages-list.ts";

const ALWAYS = [
  ["?", "this list"],
  ["/", "filter the list"],
  ["j", "next in the list"],
  ["k", "previous in the list"],
  ["Enter", "open"],
  ["a", "go to the field or button that approves; approves nothing"],
  ["x", "open the rejection"],
  ["Shift H", "go to the halt button"],
  ["Escape", "close, back; never decides"],
] as const;

export function KeyHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const rows = [...new Map([...ALWAYS, ...presentKeys().map(({ key, what }) => [key, what] as const)])];
  return (
    <dialog ref={dialog} class="ask keys" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">Keys</h2>
      <div class="columns">
        <KeyList rows={rows} />
        <KeyList rows={PAGES.map(({ key, title }) => [`g ${key}`, title] as const)} />
      </div>
      <div class="buttons">
        <Button onPress={() => dialog.current?.close()}>Close</Button>
      </div>
    </dialog>
  );
}

function KeyList({ rows }: { readonly rows: readonly (readonly [string, string])[] }): JSX.Element {
  return (
    <dl class="facts">
      {rows.map(([key, what]) => (
        <div key={key + what}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
