/** Source texts that replace, in a bundle, modules that are not available to connectors. */

/**
 * A module with any member: those of `target`, or else what the function `member` returns for the name. The prototype
 * has the same members, because names of an import statement that are not own members are looked up there.
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

/** `fs` with an empty disk: some libraries look for files while they are loaded. */
export const FS_STUB = `${NO_FILE}
const promises = new Proxy({}, { get: () => ${LATER} });
${moduleWithAnyMember("{ existsSync: () => false, promises, constants: {} }", "() => (path) => { throw error(path); }")}
module.exports = new Proxy(own, { get, getPrototypeOf: () => names });
`;

/** `fs/promises` with an empty disk. */
export const FS_PROMISES_STUB = `${NO_FILE}
${moduleWithAnyMember("{ constants: {} }", `() => ${LATER}`)}
module.exports = new Proxy(own, { get, getPrototypeOf: () => names });
`;

/** The parts of `undici` that the runtime has as globals. Its other classes could open sockets. */
export const UNDICI_STUB = `
const refuse = (name) => function () { throw new Error("undici's " + name + " is not available inside a connector: use fetch"); };
${moduleWithAnyMember("{ fetch: globalThis.fetch, Headers, Request, Response, FormData, WebSocket: globalThis.WebSocket }", "refuse")}
module.exports = new Proxy(own, { get, getPrototypeOf: () => names });
`;

/** `ws` for each way of importing it. Servers are not available. */
export const WS_STUB = `
const { WebSocket, createWebSocketStream } = require("ws");
const refuse = (name) => function () { throw new Error("ws." + name + " is not available inside a connector"); };
module.exports = Object.assign(WebSocket, {
  WebSocket,
  Server: refuse("Server"),
  WebSocketServer: refuse("WebSocketServer"),
  createWebSocketStream,
});
`;

function throwingStub(message: string): string {
  return `
const refuse = function () { throw new Error(${JSON.stringify(message)}); };
${moduleWithAnyMember("{}", "() => refuse")}
module.exports = new Proxy(function () {}, { get, getPrototypeOf: () => names, apply: refuse, construct: refuse });
`;
}

/**
 * A built-in or native module that a package imports. Loading it works, using it throws: not every package needs it.
 */
export function blockedModule(name: string): string {
  return throwingStub(`${name} is not available inside a connector`);
}

/** A module that is not installed, for an import statement: using it throws. */
export function missingModule(name: string): string {
  return throwingStub(`${name} is not installed: a package of this connector needs it`);
}

/** A module that is not installed, for `require`: the call throws with Node's error code, which packages check. */
export function missingRequire(name: string): string {
  return `
throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${name}': it is not installed`)}), { code: "MODULE_NOT_FOUND" });
`;
}
