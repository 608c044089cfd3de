/** What a browser without a session sees. */
import type { JSX } from "preact";
import type { RequestError } from "../desk-client.ts";
import { Notice } from "../parts/texts.tsx";

export type SignedOut =
  | { readonly kind: "none" }
  | { readonly kind: "opening" }
  | { readonly kind: "ended" }
  | { readonly kind: "refused"; readonly error: RequestError };

export function LoginPage({ state }: { readonly state: SignedOut }): JSX.Element {
  if (state.kind === "opening")
    return (
      <main class="login">
        <h1>Opening the desk…</h1>
      </main>
    );
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
