/**
 * Parses Markdown of others in a thread of its own, so that no text can hang the page. The answer is a tree of nodes
 * with a bounded size: no HTML, no address that can be followed.
 */
import { type Token, type Tokens, lexer } from "marked";

export type MarkdownNode = string | { readonly tag: MarkdownTag; readonly children: readonly MarkdownNode[] };
export type MarkdownTag =
  | "h3"
  | "h4"
  | "h5"
  | "p"
  | "strong"
  | "em"
  | "s"
  | "code"
  | "pre"
  | "br"
  | "hr"
  | "blockquote"
  | "ul"
  | "ol"
  | "li"
  | "table"
  | "tr"
  | "th"
  | "td";

const [DEPTH_MAX, NODES_MAX] = [12, 5_000];

class Tree {
  #left = NODES_MAX;

  nodes(tokens: readonly Token[] | undefined, depth: number): readonly MarkdownNode[] {
    return (tokens ?? []).flatMap((token) => this.#node(token, depth));
  }

  #node(token: Token, depth: number): readonly MarkdownNode[] {
    this.#left -= 1;
    if (depth > DEPTH_MAX || this.#left < 0) return [token.raw];
    const element = (tag: MarkdownTag, children = this.#inner(token, depth)): readonly MarkdownNode[] => [
      { tag, children },
    ];
    switch (token.type) {
      case "space":
        return [];
      case "heading":
        return element((["h3", "h4", "h5"] as const)[Math.min((token as Tokens.Heading).depth, 3) - 1] ?? "h5");
      case "paragraph":
        return element("p");
      case "strong":
      case "em":
      case "blockquote":
        return element(token.type);
      case "del":
        return element("s");
      case "codespan":
        return element("code", [unescaped((token as Tokens.Codespan).text)]);
      case "code":
        return element("pre", [(token as Tokens.Code).text]);
      case "br":
      case "hr":
        return element(token.type, []);
      case "list":
        return this.#list(token as Tokens.List, depth);
      case "table":
        return this.#table(token as Tokens.Table, depth);
      case "link":
      case "image":
        return this.#address(token as Tokens.Link | Tokens.Image, depth);
      case "text":
      case "escape":
        return this.#inner(token, depth);
      default:
        return [token.raw];
    }
  }

  #inner(token: Token, depth: number): readonly MarkdownNode[] {
    if ("tokens" in token && token.tokens !== undefined) return this.nodes(token.tokens, depth + 1);
    return "text" in token ? [unescaped(String(token.text))] : [token.raw];
  }

  #list({ items, ordered }: Tokens.List, depth: number): readonly MarkdownNode[] {
    const children = items.map((item): MarkdownNode => {
      const box = item.task ? [item.checked === true ? "☑ " : "☐ "] : [];
      return { tag: "li", children: [...box, ...this.nodes(item.tokens, depth + 1)] };
    });
    return [{ tag: ordered ? "ol" : "ul", children }];
  }

  #table({ header, rows }: Tokens.Table, depth: number): readonly MarkdownNode[] {
    const row = (cells: readonly Tokens.TableCell[], tag: "th" | "td"): MarkdownNode => {
      this.#left -= cells.length;
      return { tag: "tr", children: cells.map(({ tokens }) => ({ tag, children: this.nodes(tokens, depth + 1) })) };
    };
    return [{ tag: "table", children: [row(header, "th"), ...rows.map((cells) => row(cells, "td"))] }];
  }

  /** Shown as text: nothing leads out of the page, and nothing is loaded. */
  #address(token: Tokens.Link | Tokens.Image, depth: number): readonly MarkdownNode[] {
    const name: readonly MarkdownNode[] =
      token.type === "image" ? [`[image: ${token.text}]`] : this.#inner(token, depth);
    return token.href === token.text ? name : [...name, " (", { tag: "code", children: [token.href] }, ")"];
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function unescaped(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? "");
}

addEventListener("message", ({ data }: MessageEvent<string>) => {
  postMessage(new Tree().nodes(lexer(data), 0));
});
postMessage("ready");
