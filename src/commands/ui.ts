import * as z from "zod";
import { digestOf } from "../domain/digest.ts";
import { EXIT } from "../domain/errors/error.ts";
import { isDigest } from "../domain/ids.ts";
import {
  PAGE_CODE_MS,
  PAGE_SCOPES,
  PAGE_SESSION_MS,
  type PageGrant,
  type PageScope,
  grantText,
} from "../domain/pages/page-session.ts";
import { flag, toggle } from "./arguments.ts";
import { type CommandSession, defineCommand, requireDesk, usageError } from "./command.ts";
import type { OutputStyle } from "./rendering/table-text.ts";
import { authoritySchema, callSigned } from "./signed-call.ts";
import { lazy } from "../lib/lazy.ts";

const grantSchema = lazy(() =>
  z.strictObject({
    code: z.string().refine(isDigest, "must be a digest"),
    scope: z.enum(PAGE_SCOPES),
    codeEndsAt: z.number(),
    endsAt: z.number(),
  }),
);

/** A link that opens a page once. */
interface PageLink {
  readonly link: string;
  /** The name of the session that the link opens: three words that the page shows, too. */
  readonly session: string;
  readonly scope: PageScope;
}

const grantedSchema = lazy(() => z.object({ session: z.string(), address: z.string() }));

export const command = defineCommand({
  name: "ui",
  group: "desk",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "print a link that opens the desk's page once",
  description:
    "The link is good for two minutes. The page signs with a key of its own, and may decide on paper orders; live orders are approved here.",
  examples: ["qoc ui", "qoc ui --open", "qoc ui --scope none"],
  exits: [5],
  input: () =>
    z.strictObject({
      open: toggle("open the link in the browser of this machine"),
      scope: flag(z.enum(PAGE_SCOPES).default("paper"), "SCOPE", "what the page may approve (paper)"),
      /** What the client signs: it makes the code, and the desk learns its digest. */
      grant: grantSchema().optional(),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: grantedSchema,
  run: async ({ grant, authority }, context) => {
    if (grant === undefined) throw usageError("ui", "only a terminal makes a link");
    const { pages, pageAddress } = requireDesk(context);
    const { session } = await pages.grant({ ...grant, code: grant.code as PageGrant["code"], authority });
    return { session, address: pageAddress() };
  },
  render: (value, style) => renderLink(value as unknown as PageLink, style),
  cli: async (session, input) => {
    const link = await makeLink(session, input["scope"] as PageScope);
    await session.show("ui", link);
    if (input["open"] === true) await session.openLink(link.link);
    return EXIT.done;
  },
});

const UNSEEN_BYTES = 16;

/** Makes a code, signs its digest with the desk key, and returns the link with the code. */
export async function makeLink(
  session: Pick<CommandSession, "call" | "now" | "random" | "remoteError" | "sign">,
  scope: PageScope = "paper",
): Promise<PageLink> {
  const code = Buffer.from(await session.random(32), "hex").toString("base64url");
  const now = session.now();
  const grant = { code: digestOf(code), scope, codeEndsAt: now + PAGE_CODE_MS, endsAt: now + PAGE_SESSION_MS };
  const intent = { action: "session", id: "", digest: digestOf(grantText(grant)) } as const;
  const granted = grantedSchema().parse(await callSigned(session, { command: "ui", input: { grant }, intent }));
  // Of an address that it has seen the browser may have an answer, of a program that held the port.
  const unseen = await session.random(UNSEEN_BYTES);
  return { link: `${granted.address}?open=${unseen}#login=${code}`, session: granted.session, scope };
}

function renderLink({ link, session }: PageLink, style: OutputStyle): readonly string[] {
  if (!style.isTty) return [link];
  return [link, `  good once, for two minutes; the page shows the words: ${session.replaceAll("-", " ")}`];
}
