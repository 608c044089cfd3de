/**
 * Splits TypeScript source into code and comments for the architecture rules, in one pass and without a parser. Every
 * character keeps its line and column: the parts that are left out become spaces.
 */
export interface SourceText {
  /** The code; comments, template literals' text and regular expressions are spaces, quoted strings are kept. */
  readonly code: string;
  /** The comments; everything else is spaces. */
  readonly comments: string;
}

const splitTexts = new Map<string, SourceText>();

/** The result is kept, because every rule splits every file. */
export function splitSource(text: string): SourceText {
  const split = splitTexts.get(text) ?? scan(text);
  splitTexts.set(text, split);
  return split;
}

function scan(text: string): SourceText {
  const code: string[] = [];
  const comments: string[] = [];
  /** One entry for each open `${`: the number of open braces in it. */
  const templates: number[] = [];
  let at = 0;

  function take(length: number, isCode: boolean, isComment = false): void {
    const part = text.slice(at, at + length);
    const blank = part.replace(/[^\n]/g, " ");
    code.push(isCode ? part : blank);
    comments.push(isComment ? part : blank);
    at += length;
  }
  function takeTemplateText(): void {
    const end = /(?:[^\\`$]|\\[^]|\$(?!\{))*/y;
    end.lastIndex = at;
    take(end.exec(text)?.[0].length ?? 0, false);
    if (text.startsWith("${", at)) {
      templates.push(0);
      take(2, true);
    } else take(1, true);
  }

  while (at < text.length) {
    const char = text[at];
    const pair = text.slice(at, at + 2);
    if (pair === "//") take(lengthUntil(text, at, "\n", 0), false, true);
    else if (pair === "/*") take(lengthUntil(text, at, "*/", 2), false, true);
    else if (char === '"' || char === "'") take(quotedLength(text, at), true);
    else if (char === "/" && startsRegExp(code)) take(regExpLength(text, at), false);
    else if (char === "`") {
      take(1, true);
      takeTemplateText();
    } else if (char === "{" && templates.length > 0) {
      templates.push((templates.pop() ?? 0) + 1);
      take(1, true);
    } else if (char === "}" && templates.length > 0) {
      const open = templates.pop() ?? 0;
      take(1, true);
      if (open > 0) templates.push(open - 1);
      else takeTemplateText();
    } else take(plainLength(text, at), true);
  }
  return { code: code.join(""), comments: comments.join("") };
}

/** Length of the run of characters that cannot start a comment, string, template, regular expression or block. */
function plainLength(text: string, from: number): number {
  const plain = /[^"'`/{}]+|[^]/y;
  plain.lastIndex = from;
  return plain.exec(text)?.[0].length ?? 1;
}

function lengthUntil(text: string, from: number, end: string, endLength: number): number {
  const found = text.indexOf(end, from);
  return (found === -1 ? text.length : found + endLength) - from;
}

function quotedLength(text: string, from: number): number {
  const quoted = /(["'])(?:[^\\\n]|\\[^])*?\1|["']/y;
  quoted.lastIndex = from;
  return quoted.exec(text)?.[0].length ?? 1;
}

function regExpLength(text: string, from: number): number {
  const literal = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|\//y;
  literal.lastIndex = from;
  return literal.exec(text)?.[0].length ?? 1;
}

/** A slash starts a regular expression unless a value ends before it. */
function startsRegExp(code: readonly string[]): boolean {
  const before = code.slice(-200).join("").trimEnd();
  return /(?:^|[=(,:[!&|?{};+<>~*%-]|\b(?:return|typeof|case|in|of|do|else|void|throw|await|yield))$/.test(before);
}

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
