/** Live orders on the page, with the browser's own passkeys: a virtual authenticator answers for the human. */
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { LIVE_GUARD, LIVE_LINES } from "../support/live-table.ts";
import { violations } from "./support/axe.ts";
import { type BrowserDesk, type SignedInPage, browserDesk, calm } from "./support/browser-desk.ts";
import { type TestBrowser, describePage, openBrowser } from "./support/chromium.ts";

let browser: TestBrowser;
let desk: BrowserDesk;
let context: BrowserContext;
let signedIn: SignedInPage;
let authenticator: Authenticator;

const AUTHENTICATOR = {
  protocol: "ctap2",
  ctap2Version: "ctap2_1",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

interface Authenticator {
  readonly client: CDPSession;
  readonly authenticatorId: string;
}

async function plugIn(page: Page): Promise<Authenticator> {
  const client = await page.context().newCDPSession(page);
  await client.send("WebAuthn.enable");
  const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", { options: AUTHENTICATOR });
  return { client, authenticatorId };
}

function verifiesUser(isUserVerified: boolean): Promise<unknown> {
  const { client, authenticatorId } = authenticator;
  return client.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
}

/** Makes a passkey in the settings, and registers it at a terminal with the live key. */
async function register(): Promise<void> {
  const { page, go } = signedIn;
  await go("settings");
  await page.getByRole("button", { name: "Make a passkey" }).click();
  const line = await page.getByText(/^qoc passkeys add sha256:/).textContent();
  const { name } = await desk.call<{ name: string }>("passkeys add", { digest: line?.split(" ").at(-1) });
  const row = page.getByRole("listitem").filter({ hasText: name.replaceAll("-", " ") });
  await row.getByText("approves live orders").waitFor();
}

async function open(id: string): Promise<void> {
  await signedIn.go(`review/${id}`);
  await signedIn.page.getByLabel("Type AAA to approve").fill("AAA");
}

function propose(quantity: string): Promise<string> {
  return desk.propose({ connector: "broker", symbol: "AAA", limitPrice: "100", quantity });
}

async function stateOf(id: string): Promise<string> {
  return (await desk.call<{ state: string }>("orders show", { id })).state;
}

describePage("a passkey", () => {
  beforeAll(async () => {
    const broker = `\n[[connector]]\nname = "broker"\ntype = "custom"\nadapter = "./venue.ts"\nmode = "live"\n${LIVE_LINES}${LIVE_GUARD}`;
    const files = { "venue.ts": adapterFixture("scripted-venue") };
    [browser, desk] = await Promise.all([
      openBrowser(),
      browserDesk({ files, config: (text) => `${calm(text)}${broker}` }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });
  beforeEach(async () => {
    context = await browser.context({ bypassCSP: false });
    signedIn = await desk.signIn(context);
    authenticator = await plugIn(signedIn.page);
  });
  afterEach(async () => {
    expect(signedIn.complaints).toEqual({ errors: [], foreign: [] });
    await context.close();
  });

  it("W72 without one a live order has the terminal's command; with one it is approved on the page", async () => {
    const { page } = signedIn;
    const id = await propose("1");
    await signedIn.go(`review/${id}`);
    await page.getByText(`Live orders are approved in a terminal: qoc approve ${id} --digest sha256:`).waitFor();
    // Nothing on the page could be typed or pressed to approve it.
    expect(await page.locator("[data-decide], #approve").count()).toBe(0);
    await register();
    await open(id);
    await page.getByText(/^Approves .* at broker, with your passkey\.$/).waitFor();
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("The venue accepted it.").or(page.getByText("Filled.")).first().waitFor();
    expect(await desk.call("journal verify")).toMatchObject({ ok: true, problemCount: 0 });
  });

  it("W70 an authenticator that does not verify its user approves nothing, and nothing is sent", async () => {
    const { page } = signedIn;
    await register();
    const id = await propose("2");
    await open(id);
    await verifiesUser(false);
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("nothing was sent: the passkey was not used").first().waitFor();
    expect(await stateOf(id)).toBe("proposed");
    // The human tries again.
    await verifiesUser(true);
    await page.getByLabel("Type AAA to approve").fill("AAA");
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("The venue accepted it.").or(page.getByText("Filled.")).first().waitFor();
  });

  it("W47 a page of another port of localhost gets an answer to the desk's challenge, and the desk refuses it", async () => {
    const { page } = signedIn;
    await register();
    const { client, authenticatorId } = authenticator;
    const { credentials } = await client.send("WebAuthn.getCredentials", { authenticatorId });
    const other = await context.newPage();
    await other.route("http://localhost:65001/**", (route) =>
      route.fulfill({ contentType: "text/html", body: "<p>It looks like the desk.</p>" }),
    );
    await other.goto("http://localhost:65001/");
    const stolen = await plugIn(other);
    const passkey = credentials[0]?.credentialId ?? "";
    for (const credential of credentials)
      await stolen.client.send("WebAuthn.addCredential", { authenticatorId: stolen.authenticatorId, credential });
    const id = await propose("3");
    await open(id);
    // The desk's page asks; the other page answers in its place.
    await page.exposeFunction("relay", (challenge: string) => other.evaluate(answerFor, { challenge, id: passkey }));
    await page.evaluate(() => {
      navigator.credentials.get = async (options) => {
        const { challenge } = (options as { publicKey: { challenge: ArrayBuffer } }).publicKey;
        const text = btoa(String.fromCharCode(...new Uint8Array(challenge)));
        const { id: credential, ...answer } = await (globalThis as any).relay(text);
        const bytes = (part: string): ArrayBuffer => Uint8Array.from(atob(part), (char) => char.charCodeAt(0)).buffer;
        const response = Object.fromEntries(Object.entries(answer).map(([key, part]) => [key, bytes(part as string)]));
        return { id: credential, response } as never;
      };
    });
    await page.locator('#approve[aria-disabled="false"]').click();
    await page.getByText("it was asked by http://localhost:65001").first().waitFor();
    expect(await stateOf(id)).toBe("proposed");
    await other.close();
  });

  it("the settings say at 127.0.0.1 where a passkey can be made", async () => {
    const link = (await desk.link()).replace("localhost", "127.0.0.1");
    const page = await context.newPage();
    await page.goto(link);
    await page.getByText("up to date").waitFor();
    await page.goto(`${desk.origin.replace("localhost", "127.0.0.1")}/ui/#/settings`);
    await page.getByText(`A passkey needs a name: open ${desk.origin}/ui/`).first().waitFor();
    expect(await page.getByRole("button", { name: "Make a passkey" }).getAttribute("aria-disabled")).toBe("true");
    await page.close();
  });

  it("the settings with a passkey have no accessibility violation", async () => {
    await context.close();
    context = await browser.context({ bypassCSP: true });
    signedIn = await desk.signIn(context);
    await signedIn.go("settings");
    await signedIn.page.getByText("approves live orders").first().waitFor();
    expect(await violations(signedIn.page)).toEqual([]);
  });
});

/** In the other page: the answer of the human's authenticator, each part in base64. */
async function answerFor(asked: { readonly challenge: string; readonly id: string }): Promise<Record<string, string>> {
  const bytes = (part: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(part), (char) => char.charCodeAt(0));
  const allowCredentials = [{ type: "public-key", id: bytes(asked.id) }] as const;
  const publicKey = { challenge: bytes(asked.challenge), rpId: "localhost", userVerification: "required" } as const;
  const given = (await navigator.credentials.get({
    publicKey: { ...publicKey, allowCredentials: [...allowCredentials] },
  })) as PublicKeyCredential;
  const text = (part: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(part)));
  const { authenticatorData, clientDataJSON, signature } = given.response as AuthenticatorAssertionResponse;
  return {
    id: given.id,
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
  };
}
