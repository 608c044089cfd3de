/**
 * Runs the author's fake venue of certify.toml in a process of its own: Node's permission model, no environment, and
 * only the files of the module's folder to read. The process may use the network: it is a server.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import * as z from "zod";
import type { VenueProcess } from "../conformance/hooked-venue.ts";
import { permissionFlag } from "../host/transport.ts";
import type { Clock } from "../domain/ports.ts";

export interface VenueProcessOptions {
  /** The program of Node. */
  readonly node: string;
  /** Absolute path of the module. */
  readonly file: string;
  /** The bundled module. */
  readonly code: string;
  readonly clock: Clock;
}

/** A hook that takes longer has failed. */
const HOOK_MS = 10_000;
const STDERR_CHARS_MAX = 4_000;

/** The first message is the code. Every other one is a call: the exported hook runs, and its result is sent back. */
const BOOT = `process.once("message",(code)=>{const m={exports:{}};let hooks,broken;
try{require("vm").runInThisContext("(function(require,module,exports){"+code+"\\n})")(require,m,m.exports);
hooks=m.exports.default??m.exports}catch(e){broken=e}
process.on("message",async({id,hook,args})=>{try{if(broken)throw broken;
if(typeof hooks[hook]!=="function")throw new Error("the module has no hook "+hook+" in its default export");
process.send({id,value:await hooks[hook](...args)})}catch(e){process.send({id,error:String(e&&e.message||e)})}})});
process.on("disconnect",()=>process.exit())`;

const replySchema = z.looseObject({ id: z.int(), error: z.string().optional(), value: z.unknown().optional() });

/** Starts the process. The module runs at once; an error of it is that of the first call. */
export function startVenueProcess(options: VenueProcessOptions): VenueProcess {
  const { node, file, code, clock } = options;
  const args = [permissionFlag(), `--allow-fs-read=${dirname(file)}/*`, "--no-warnings", "-e", BOOT];
  const child = spawn(node, args, { env: {}, cwd: dirname(file), stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const output = captureStderr(child);
  const waiting = new Map<number, (reply: z.infer<typeof replySchema>) => void>();
  const fail = (reason: string): void => {
    for (const [id, settle] of waiting) settle({ id, error: reason, value: undefined });
  };
  let end: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const finish = (reason: string): void => {
      end = `its process ended: ${reason}`;
      fail(end);
      resolve();
    };
    child.once("error", (error) => finish(error.message));
    child.once("exit", (exitCode, signal) => finish(output() || `exit code ${exitCode ?? signal}`));
  });
  child.on("message", (message) => {
    const reply = replySchema.safeParse(message);
    if (reply.success) waiting.get(reply.data.id)?.(reply.data);
  });
  child.send(code);
  let lastId = 0;
  return {
    call: async (hook, ...hookArgs) => {
      if (end !== undefined) throw new Error(`${file}: ${end}`);
      lastId += 1;
      const id = lastId;
      const replied = new Promise<z.infer<typeof replySchema>>((resolve) => waiting.set(id, resolve));
      const reason = `the hook did not return within ${HOOK_MS} ms`;
      const cancel = clock.after(HOOK_MS, () => waiting.get(id)?.({ id, error: reason, value: undefined }));
      child.send({ id, hook, args: hookArgs });
      const { error, value } = await replied;
      cancel();
      waiting.delete(id);
      if (error !== undefined) throw new Error(`${file}: ${hook}: ${error}`);
      return value;
    },
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function captureStderr(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-STDERR_CHARS_MAX);
  });
  // The first line with an error names it; the lines around it are of the kit's own code.
  return () => text.split("\n").find((line) => /\w*Error\b/.test(line)) ?? text.trim().split("\n").at(-1) ?? "";
}
