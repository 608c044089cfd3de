/** Texts that stand inside a bundle for modules that a connector does not have. */

/**
 * A module of which every name can be asked: what it has, or else what `member` makes of the name. By its prototype too, for
 * that is where the names of an import statement are looked for that are not among its own.
 */
function moduleWithAnyMember(target: string, member: string): string {
  return `
const own = ${target};
const silent = (name) => name === "__esModule" || name === "then" || typeof name === "symbol";
const get = (_target, name) => (name in own ? own[name] : silent(name) ? undefined : (${member})(name));
const names = new Proxy({}, { get });
`;
}

const NO_FILE = `
const error = (path) => Object.assign(new Error("ENOENT: no such file or directory, open '" + path + "'"), { code: "ENOENT", errno: -2 });
`;
const LATER = `(path) => Promise.reject(error(path))`;

/** Libraries probe for files at load; to them the disk is empty. */
export const FS_STUB = `${NO_FILE}
const promises = new Proxy({}, { get: () => ${LATER} });
${moduleWithAnyMember("{ existsSync: () => false, promises, constants: {} }", "() => (path) => { throw error(path); }")}
module.exports = new Proxy(own, { get, getPrototypeOf: () => names });
`;

/** `fs/promises`. */
export const FS_PROMISES_STUB = `${NO_FILE}
${moduleWithAnyMember("{ constants: {} }", `() => ${LATER}`)}
module.exports = new Proxy(own, { get, getPrototypeOf: () => names });
`;

/** `undici` by what the runtime has of it. An agent of one's own would open sockets. */
export const UNDICI_STUB = `
const refuse = (name) => function () { throw new Error("undici's " + name + " is not available inside a connector: use fetch"); };
${moduleWithAnyMember("{ fetch: globalThis.fetch, Headers, Request, Response, FormData, WebSocket: globalThis.WebSocket }", "refuse")}
module.exports = new Proxy(own, { get, getPrototypeOf: () => names });
`;

/** `ws` for each way of importing it: the class itself, its name, and what a client has no use for. */
export const WS_STUB = `
const { WebSocket } = require("ws");
const refuse = (name) => function () { throw new Error("ws." + name + " is not available inside a connector"); };
module.exports = Object.assign(WebSocket, {
  WebSocket,
  Server: refuse("Server"),
  WebSocketServer: refuse("WebSocketServer"),
  createWebSocketStream: refuse("createWebSocketStream"),
});
`;

function throwingStub(message: string): string {
  return `
const refuse = function () { throw new Error(${JSON.stringify(message)}); };
${moduleWithAnyMember("{}", "() => refuse")}
module.exports = new Proxy(function () {}, { get, getPrototypeOf: () => names, apply: refuse, construct: refuse });
`;
}

/** A package may mention a built-in or a native file that it does not need here: it fails only where it is used. */
export function blockedModule(name: string): string {
  return throwingStub(`${name} is not available inside a connector`);
}

/** A module that is not installed, from an import statement. */
export function missingModule(name: string): string {
  return throwingStub(`${name} is not installed: a package of this connector needs it`);
}

/** The same from `require`: as in Node, the call itself fails, with the code that packages look for. */
export function missingRequire(name: string): string {
  return `
throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${name}': it is not installed`)}), { code: "MODULE_NOT_FOUND" });
`;
}
