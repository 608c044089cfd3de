/**
 * Runs the author's fake venue or dialect of certify.toml in a process of its own: inside bubblewrap where it works,
 * under Node's permission model, without an environment, and with only the listed files to read. The process may use
 * the network: a fake venue is a server. It can send no signal: at one, Node opens its inspector. It reaches no Unix
 * socket, and has no part of Node or V8 that writes files past the permission model.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { FakeVenueFault, HookMissing, type VenueProcess } from "../conformance/venue/venue-hooks.ts";
import type { Program } from "../host/bundle-program.ts";
import type { ProcessSandbox } from "../host/process-sandbox.ts";
import { type StackMapper, stackMapper } from "../host/source-map.ts";
import { permissionFlags } from "../host/transport.ts";
import type { Clock } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { LineSplitter } from "../lib/line-splitter.ts";

export interface VenueProcessOptions {
  readonly sandbox: ProcessSandbox;
  /** An empty folder. Node may write files of its own into the current folder, and through links there. */
  readonly folder: string;
  /** Absolute path of the module. */
  readonly file: string;
  /** The bundled module. */
  readonly program: Program;
  /** Absolute paths of the files that it may read. */
  readonly readable: readonly string[];
  readonly clock: Clock;
}

/** A hook that takes longer has failed. */
const HOOK_MS = 10_000;
/** A process that works answers at once. */
const PING_MS = 2_000;
const STDERR_CHARS_MAX = 4_000;
/** The name of the bundled module in stacks. */
const SCRIPT = "fake-venue-program.cjs";

/** One message of the process, bytes. */
const REPLY_BYTES_MAX = 16 * 1024 * 1024;
/** The descriptor of the messages. */
const CHANNEL = 3;
/**
 * Messages are lines of JSON on a socket. Node's own channel between processes is not used, because a message on it
 * that is not valid ends the process that reads it. The first message is the code. Every other one is a call: the
 * exported hook runs, and its result is sent back; a member that is no function is sent as it is. A call without a hook
 * is a ping.
 */
const BOOT = `const handles=Object.getPrototypeOf(new(require("child_process").ChildProcess)()._handle);
for(const [owner,name] of [[process,"kill"],[process,"_kill"],[process,"_debugProcess"],[handles,"kill"],
[process,"report"],[require("v8"),"setFlagsFromString"],
])
Object.defineProperty(owner,name,{value:undefined,writable:false,configurable:false});
delete require("os").setPriority;delete process.env.PWD;
{
const channel=new(require("net").Socket)({fd:${CHANNEL}});const send=(reply)=>channel.write(JSON.stringify(reply)+"\\n");
const pipes=Object.getPrototypeOf(channel._handle);const value=()=>-require("os").constants.errno.EACCES;
for(const name of ["bind","connect"])Object.defineProperty(pipes,name,{value,writable:false,configurable:false});
let hooks,broken,text="";const start=(code)=>{const m={exports:{}};
try{require("vm").runInThisContext("(function(require,module,exports){\\n"+code+"\\n})",{filename:"${SCRIPT}",
lineOffset:-1})(require,m,m.exports);hooks=m.exports.default??m.exports}catch(e){broken=e}};
const call=async({id,hook,args})=>{try{if(!hook)return send({id});if(broken)throw broken;
const member=hooks[hook];if(member===undefined)return send({id,isMissing:true});
send({id,value:typeof member==="function"?await hooks[hook](...args.map((arg)=>arg??undefined)):member})}
catch(e){send({id,error:String(e&&e.message||e),stack:String(e&&e.stack||"")})}};
let receive=(code)=>{receive=call;start(code)};
channel.setEncoding("utf8").on("data",(part)=>{const lines=part.split("\\n");lines[0]=text+lines[0];text=lines.pop();
for(const line of lines)receive(JSON.parse(line))}).on("error",()=>{}).on("close",()=>process.exit())}`;

const replySchema = z.looseObject({
  id: z.int(),
  error: z.string().optional(),
  stack: z.string().default(""),
  isMissing: z.boolean().default(false),
  value: z.unknown().optional(),
});
type HookReply = z.infer<typeof replySchema>;

/** Starts the process. The module runs at once; an error of it is that of the first call. */
export function startVenueProcess(options: VenueProcessOptions): VenueProcess {
  const { file, program, clock } = options;
  const child = spawnVenue(options);
  const map = stackMapper(SCRIPT, program.map);
  const output = captureStderr(child);
  const waiting = new Map<number, (reply: HookReply) => void>();
  let end: string | undefined;
  let isClosed = false;
  const ended = new Promise<void>((resolve) => {
    const finish = (reason: string): void => {
      end ??= `its process ended: ${reason}`;
      for (const [id, settle] of waiting) settle(failure(id, end));
      resolve();
    };
    child.on("error", (error) => finish(error.message));
    child.once("close", (exitCode, signal) => finish(lastError(output(), map) ?? `exit code ${exitCode ?? signal}`));
  });
  const send = openChannel(child, {
    onReply: (reply) => waiting.get(reply.id)?.(reply),
    onInvalid: (problem) => {
      end ??= `its process ended: ${problem}`;
      child.kill("SIGKILL");
    },
  });
  send(program.code);
  let lastId = 0;
  const request = async (
    hook: Parameters<VenueProcess["call"]>[0] | undefined,
    hookArgs: readonly unknown[],
    ms: number,
  ): Promise<HookReply> => {
    if (end !== undefined) return failure(0, end);
    lastId += 1;
    const id = lastId;
    const replied = new Promise<HookReply>((resolve) => waiting.set(id, resolve));
    const cancel = clock.after(ms, () => waiting.get(id)?.(failure(id, `no answer within ${ms} ms`)));
    send({ id, hook, args: hookArgs });
    const reply = await replied;
    cancel();
    waiting.delete(id);
    return reply;
  };
  return {
    file,
    call: async (hook, ...hookArgs) => {
      const { error, stack, isMissing, value } = await request(hook, hookArgs, HOOK_MS);
      if (isMissing) throw new HookMissing(file, hook);
      const position = join(dirname(file), ownPosition(stack, map) ?? basename(file));
      if (error !== undefined) throw new FakeVenueFault(`${position}: ${hook}: ${error}`);
      return value;
    },
    findFault: async () => {
      if (isClosed) return undefined;
      const { error } = await request(undefined, [], PING_MS);
      return error === undefined ? undefined : new FakeVenueFault(`${file}: ${error}`).message;
    },
    close: async () => {
      isClosed = true;
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Detached: a signal to its group reaches no other process. */
function spawnVenue({ sandbox, folder, readable }: VenueProcessOptions): ChildProcess {
  const rights = readable.map((path) => `--allow-fs-read=${path}`);
  const { program, args, env, cwd } = sandbox.commandOf({
    args: [...permissionFlags(), ...rights, "--no-warnings", "-e", BOOT],
    readable,
    environment: {},
    folder,
    hasNetwork: true,
  });
  return spawn(program, args, { env, cwd, stdio: ["ignore", "ignore", "pipe", "pipe"], detached: true });
}

interface ChannelListeners {
  onReply(reply: HookReply): void;
  /** The process sent something else. Whatever follows is ignored. */
  onInvalid(problem: string): void;
}

/** Returns what sends a message. The module may write to the channel by itself: any bytes may arrive. */
function openChannel(child: ChildProcess, { onReply, onInvalid }: ChannelListeners): (message: unknown) => void {
  const channel = child.stdio[CHANNEL] as Socket;
  const refuse = (problem: string): void => {
    lines.close();
    onInvalid(problem);
  };
  const lines = new LineSplitter({
    maxBytes: REPLY_BYTES_MAX,
    onLine: (line) => {
      const reply = replySchema.safeParse(tryParseJson(line));
      if (reply.success) onReply(reply.data);
      else refuse("it sent a message that is no answer of a hook");
    },
    onTooLong: () => refuse(`it sent a message of more than ${REPLY_BYTES_MAX} bytes`),
  });
  channel.on("data", (chunk: Buffer) => lines.push(chunk));
  // A process that has ended takes no message: `close` of the process states why.
  channel.on("error", () => undefined);
  return (message) => void channel.write(`${JSON.stringify(message)}\n`);
}

function failure(id: number, error: string): HookReply {
  return { id, error, stack: "", isMissing: false, value: undefined };
}

/** Returns the position of the newest frame of the author's own code, e.g. `fake.ts:12:5`; undefined without one. */
function ownPosition(stack: string, map: StackMapper): string | undefined {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line) && line.includes(`${SCRIPT}:`));
  const own = frames.map(map).find((line) => !line.includes("node_modules"));
  return own === undefined ? undefined : /([^\s()]+:\d+:\d+)\)?$/.exec(own)?.[1];
}

/** Returns the error that ended the process, with its position; undefined if there was none. */
function lastError(output: string, map: StackMapper): string | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("Node.js v"));
  const message = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  const position = ownPosition(output, map);
  return message === undefined || position === undefined ? message : `${message} at ${position}`;
}

function captureStderr(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-STDERR_CHARS_MAX);
  });
  return () => text;
}
