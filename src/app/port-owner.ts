/** Says who listens on a port that the desk needs, and which port is free. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import { OWN_ADDRESSES, isAddressAbsent } from "../http/server.ts";
import { tryParseJson } from "../lib/json.ts";

const ANSWER_MS = 500;
const ANSWER_BYTES_MAX = 10_000;
const PORTS_TRIED = 200;
const PORT_MAX = 65_535;

const deskAnswerSchema = z.object({ name: z.string().max(100), up: z.literal(true), version: z.string().max(30) });

/** The first free port from `first` on; `first` if the next 200 are all taken. */
export async function freePort(first: number): Promise<number> {
  const last = Math.min(first + PORTS_TRIED, PORT_MAX);
  for (let port = first; port < last; port++) if (await isPortFree(port)) return port;
  return first;
}

/** Whether no program listens on the port of this machine, at either of its own addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  const problems = await Promise.all(OWN_ADDRESSES.map((address) => listenProblem(port, address)));
  return problems.every((problem) => problem === undefined || isAddressAbsent(problem));
}

function listenProblem(port: number, host: string): Promise<Error | undefined> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", done);
    probe.listen(port, host, () => probe.close(() => done(undefined)));
  });
}

/** Rethrows. PORT_TAKEN gets the program that listens on the port, as far as it can be found, and a free port. */
export async function namePortOwner(error: unknown): Promise<never> {
  if (!(error instanceof QocError) || error.code !== "PORT_TAKEN") throw error;
  const port = Number(error.details["port"]);
  const owner = (await deskOn(port)) ?? processOn(port);
  const details = { port, free: await freePort(port + 1), owner: owner === undefined ? "" : ` by ${owner}` };
  throw new QocError("PORT_TAKEN", details, { cause: error });
}

/** Another desk says its name at `/`. */
async function deskOn(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: "error",
    });
    const answer = deskAnswerSchema.safeParse(tryParseJson(await shortText(response)));
    return answer.success ? `the desk "${answer.data.name}" (qoc ${answer.data.version})` : undefined;
  } catch {
    return undefined;
  }
}

/** "" if the text is too long. */
async function shortText({ body }: Response): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > ANSWER_BYTES_MAX) return "";
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** On Linux, for processes of the same user; undefined elsewhere. */
function processOn(port: number): string | undefined {
  try {
    const inode = listeningInode(port);
    if (inode === undefined) return undefined;
    const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && hasSocket(name, inode));
    return pid === undefined ? "a process of another user" : `process ${pid} (${commandOf(pid)})`;
  } catch {
    return undefined;
  }
}

/** In /proc/net/tcp: local address, state 0A (listening) and inode. */
function listeningInode(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = ["tcp", "tcp6"].flatMap((file) => readFileSync(`/proc/net/${file}`, "utf8").split("\n").slice(1));
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.find(([, local, , state]) => local?.endsWith(suffix) === true && state === "0A")?.[9];
}

function hasSocket(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readlinkOf(`${folder}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}

function readlinkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const COMMAND_CHARS_MAX = 60;

function commandOf(pid: string): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
  return words.length > COMMAND_CHARS_MAX ? `${words.slice(0, COMMAND_CHARS_MAX - 1)}…` : words;
}
