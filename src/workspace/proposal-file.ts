/** Parses a proposal file of any format into a document, and renders the TOML that the desk writes for a draft. */
import { TomlError, parse as parseToml } from "smol-toml";
import { PROPOSAL_FIELDS, type ProposalDraft, ProposalError, type ReplaceDraft } from "../domain/orders/proposal.ts";
import { isTooDeep } from "../lib/nesting-limit.ts";
import { escapeInvisible, quoteString } from "../lib/invisible-characters.ts";
import { FrontmatterError, parseYaml, splitFrontmatter } from "./frontmatter.ts";
import { tomlErrorMessage } from "./toml.ts";

export const PROPOSAL_EXTENSIONS = [".toml", ".yaml", ".yml", ".json", ".md"] as const;

/** @throws ProposalError, with the line if the parser of the format reports it. */
export function parseProposalFile(name: string, bytes: Uint8Array): { text: string; document: unknown } {
  const text = decodeText(bytes);
  if (text.trim() === "") throw new ProposalError("is empty");
  if (isTooDeep(text)) throw new ProposalError("is nested too deeply");
  if (name.endsWith(".md")) return { text, document: parseMarkdownDocument(text) };
  if (name.endsWith(".toml")) return { text, document: parseTomlDocument(text) };
  return { text, document: parseYamlDocument(text, name.endsWith(".json") ? "JSON" : "YAML") };
}

function decodeText(bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new ProposalError("is binary, not text");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProposalError("is not UTF-8 text", { cause });
  }
}

function parseTomlDocument(text: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    if (error instanceof TomlError) {
      const message = tomlErrorMessage(error);
      throw new ProposalError(`line ${error.line}, column ${error.column}: not valid TOML: ${message}`, {
        cause: error,
      });
    }
    throw new ProposalError("is nested too deeply", { cause: error });
  }
}

const BLOCK_TEXT = /^(?:rationale|summary):\s*[>|][+-]?\s*$/;
const NEXT_FIELD = new RegExp(`^(?:${PROPOSAL_FIELDS.join("|")})\\s*:`);

/**
 * A copied page often lost the indentation of its block texts, which YAML needs. The lines below `rationale: >`
 * up to the next field or comment are that text.
 */
function restoreIndentation(text: string): string {
  const lines = text.split("\n");
  const header = lines.findIndex((line) => BLOCK_TEXT.test(line));
  const first = lines.slice(header + 1).find((line) => line.trim() !== "");
  if (header === -1 || first === undefined || /^[\s#]/.test(first) || NEXT_FIELD.test(first)) return text;
  const length = lines.slice(header + 1).findIndex((line) => line.startsWith("#") || NEXT_FIELD.test(line));
  const end = length === -1 ? lines.length : header + 1 + length;
  return lines.map((line, n) => (n > header && n < end && line.trim() !== "" ? `  ${line}` : line)).join("\n");
}

/** JSON is valid YAML; the YAML parser keeps the text of its numbers. */
function parseYamlDocument(text: string, language: "JSON" | "YAML", linesBefore = 0): unknown {
  try {
    return parseYaml(restoreIndentation(text));
  } catch (error) {
    if (error instanceof FrontmatterError) {
      const place = error.line === undefined ? "" : ` at line ${error.line + linesBefore}`;
      throw new ProposalError(`not valid ${language}${place}: ${error.message}`, { cause: error });
    }
    throw new ProposalError("is nested too deeply", { cause: error });
  }
}

/**
 * The frontmatter is the order, and the text below it is the rationale. Comments are left out: the desk appends its
 * verdict as comments.
 */
function parseMarkdownDocument(text: string): unknown {
  const { yaml, body } = splitFrontmatter(text);
  if (yaml === undefined) throw new ProposalError("has no frontmatter: write the order between two lines of ---");
  // The first line is the ---.
  const document = parseYamlDocument(yaml, "YAML", 1);
  const words = body.replaceAll(/<!--[\s\S]*?-->/g, "").trim();
  if (words === "" || typeof document !== "object" || document === null) return document;
  if ("rationale" in document || "summary" in document)
    throw new ProposalError("has a rationale in its frontmatter and a text below it; keep one");
  return { ...document, rationale: words };
}

/** Renders the flat TOML of orders/pending, with amounts as strings. */
export function renderProposal(draft: ProposalDraft, heading: string): string {
  const terms: Partial<ReplaceDraft> = "cancels" in draft ? {} : draft;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["connector", draft.connector],
    ["venue", draft.venue],
    ["action", "cancels" in draft ? "cancel" : "replaces" in draft ? "replace" : undefined],
    ["cancels", "cancels" in draft ? draft.cancels : undefined],
    ["replaces", terms.replaces],
    ["side", "replaces" in draft ? undefined : terms.side],
    ["symbol", terms.symbol],
    ["quantity", terms.quantity],
    ["type", terms.type],
    ["limit_price", terms.limitPrice],
    ["stop_price", terms.stopPrice],
    ["time_in_force", terms.timeInForce],
    ["session", terms.session],
    ["position_intent", terms.positionIntent],
    ["post_only", terms.postOnly === true ? "true" : undefined],
    ["rationale", draft.rationale],
    ["research_ref", draft.researchRef],
    ["proposed_by", draft.proposedBy],
    ["issue", draft.issue],
  ];
  const lines = fields.flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [`${key} = ${quoteString(value)}`],
  );
  const { sources = [] } = draft;
  if (sources.length > 0) lines.push(`sources = [${sources.map(quoteString).join(", ")}]`);
  return `# ${escapeInvisible(heading)}\n${lines.join("\n")}\n`;
}
