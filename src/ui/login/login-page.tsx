/** What a browser without a session sees, and a browser that another page led here. */
import type { JSX } from "preact";
import type { RequestError } from "../desk-client.ts";
import { Button } from "../parts/button.tsx";
import { Notice } from "../parts/texts.tsx";

export type SignedOut =
  | { readonly kind: "none" }
  | { readonly kind: "opening" }
  | { readonly kind: "ended" }
  | { readonly kind: "opened by other"; readonly goOn: () => void }
  | { readonly kind: "refused"; readonly error: RequestError };

export function LoginPage({ state }: { readonly state: SignedOut }): JSX.Element {
  if (state.kind === "opening")
    return (
      <main class="login">
        <h1>Opening the desk…</h1>
      </main>
    );
  if (state.kind === "opened by other") return <OpenedByOther goOn={state.goOn} />;
  return (
    <main class="login">
      <h1 tabIndex={-1}>Open this page from a terminal</h1>
      <Reason state={state} />
      <p>In the desk’s folder, type</p>
      <pre>qoc ui</pre>
      <p>and open the link that it prints. The link works once, for two minutes.</p>
      <p class="dim">The page shows three words after that. They are the words that the terminal printed.</p>
    </main>
  );
}

/**
 * A page of another site can open the desk's in a small window while the human types: the keys would go to the first
 * order that waits. Nothing has the focus here, and no single key does anything.
 */
function OpenedByOther({ goOn }: { readonly goOn: () => void }): JSX.Element {
  return (
    <main class="login">
      <h1 tabIndex={-1}>Another page opened this one</h1>
      <p>If you followed a link to your desk, go on. If you did not, close this page.</p>
      <p>
        <Button kind="go" onPress={goOn}>
          Go on to the desk
        </Button>
      </p>
    </main>
  );
}

function Reason({ state }: { readonly state: SignedOut }): JSX.Element {
  if (state.kind === "ended") return <p>This browser’s session has ended, or was revoked.</p>;
  if (state.kind !== "refused") return <p>This browser is not signed in.</p>;
  const { error } = state;
  const usedAt = error.details["at"];
  return (
    <Notice tone="bad" role="alert" title={`${error.message}.`}>
      {typeof usedAt === "string" ? `It was used at ${usedAt}. ` : ""}
      {error.code === "PAGE_LINK_USED" ? (
        <span>
          If that was not you, type <code>qoc ui revoke --all</code>.
        </span>
      ) : (
        <span>{error.hint}</span>
      )}
    </Notice>
  );
}
