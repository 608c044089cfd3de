/** A proxy that ends TLS in front of the desk, as a reverse proxy or a tailnet does. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { type Server, createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What `tailscale serve` adds to a request: who sent it, and how. */
const ADDED = {
  "x-forwarded-for": "100.64.0.7",
  "x-forwarded-proto": "https",
  "tailscale-user-login": "ada@example.com",
  "tailscale-user-name": "Ada",
};

/** Passes every request on to a port of this machine, with its own Host, as `tailscale serve` does. */
export function tlsProxy(name: string, port: number, to: number): Server {
  const server = createServer(certificateOf(name), (incoming, outgoing) => {
    const { method, url: path } = incoming;
    const headers = { ...incoming.headers, ...ADDED, "x-forwarded-host": incoming.headers.host };
    const onward = request({ host: "127.0.0.1", port: to, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once("error", () => outgoing.destroy());
    outgoing.once("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  return server.listen(port, "127.0.0.1");
}

function certificateOf(name: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "qoc-tls-"));
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "1", ...names], {
    stdio: "ignore",
  });
  const made = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(folder, { recursive: true, force: true });
  return made;
}
