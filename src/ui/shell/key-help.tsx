/** The list of keys. */
import type { JSX } from "preact";
import { presentKeys } from "../keyboard.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
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
  const rows = [...new Map([...ALWAYS, ...presentKeys().map(({ key, what }) => [key, what] as const)])];
  return (
    <Dialog title="Keys" class="keys" onClose={onClose}>
      {(close) => (
        <>
          <div class="columns">
            <KeyList rows={rows} />
            <KeyList rows={PAGES.map(({ key, title }) => [`g ${key}`, title] as const)} />
          </div>
          <div class="buttons">
            <Button onPress={close}>Close</Button>
          </div>
        </>
      )}
    </Dialog>
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
