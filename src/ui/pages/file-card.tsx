/** A file of the workspace as text. */
import type { JSX } from "preact";
import type { Untrusted } from "../../domain/untrusted.ts";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { Markdown } from "../markdown/markdown-view.tsx";
import { useReading } from "../page-context.ts";
import { Card } from "../parts/card.tsx";
import { Age, Shown } from "../parts/texts.tsx";

interface ShownFileText {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
  readonly next: unknown;
  readonly untrusted: Untrusted;
}

export function FileCard({ path, closeHref }: { readonly path: string; readonly closeHref: string }): JSX.Element {
  const [folder = ""] = path.split("/");
  const reading = useReading<ShownFileText>({ command: "files read", input: { path }, topics: [folder] });
  return (
    <Card
      title={<code>{escapeInvisible(path)}</code>}
      aside={
        <>
          <Age since={reading.askedAt.value} /> <a href={closeHref}>close</a>
        </>
      }
    >
      <Shown reading={reading} what="the file">
        {({ untrusted, lines, next }) => (
          <>
            <Markdown words={untrusted} label="the file’s text" />
            {next === null ? null : <p class="dim">Only its first part is shown: it has {lines} lines.</p>}
          </>
        )}
      </Shown>
    </Card>
  );
}
