/** Text of others: its source at first; as formatted text if the human asks for it and the parser is quick. */
import type { Untrusted } from "../../domain/untrusted.ts";
import { type ComponentChild, type JSX, h } from "preact";
import { useState } from "preact/hooks";
import { escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import { usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Said } from "../parts/texts.tsx";
import type { MarkdownNode } from "./markdown-worker.ts";
import { parseMarkdown } from "./parse-markdown.ts";

export function Markdown({ words, label }: { readonly words: Untrusted; readonly label: string }): JSX.Element {
  const { browser } = usePage();
  const [nodes, setNodes] = useState<readonly MarkdownNode[] | "refused" | undefined>();
  const text = escapeInvisibleInText(words.text);
  if (nodes === undefined || nodes === "refused")
    return (
      <div>
        <Said words={words} label={label} />
        {nodes === "refused" ? (
          <p class="dim">Only its source is shown: it is too large or too deep to be formatted.</p>
        ) : (
          <Button
            kind="quiet"
            onPress={() => void parseMarkdown(browser, text).then((parsed) => setNodes(parsed ?? "refused"))}
          >
            Format
          </Button>
        )}
      </div>
    );
  return (
    <div>
      <div class="said formatted" role="group" aria-label={label}>
        {nodes.map(vnodeOf)}
      </div>
      <Button kind="quiet" onPress={() => setNodes(undefined)}>
        Show the source
      </Button>
    </div>
  );
}

function vnodeOf(node: MarkdownNode, index: number): ComponentChild {
  if (typeof node === "string") return node;
  const children = node.children.map(vnodeOf);
  if (node.tag === "table") return h("table", { key: index }, h("tbody", null, children));
  return h(node.tag, { key: index }, ...children);
}
