/** A port that a real `ssh -L` forwards: an sshd of its own on this machine, with keys made for it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/free-port.ts";

const [SSHD, SSH] = ["/usr/sbin/sshd", "/usr/bin/ssh"];

export const hasSsh = existsSync(SSHD) && existsSync(SSH);
if (!hasSsh)
  process.stderr.write(
    `SKIPPED: ${SSHD} or ${SSH} does not exist; ssh -L is not tested. apt-get install openssh-server\n`,
  );

/** Forwards `localhost:from` to `127.0.0.1:to` as `ssh -L from:127.0.0.1:to` does. Returns a function that ends it. */
export async function sshForward(from: number, to: number): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "qoc-ssh-"));
  const [hostKey, key, port] = [join(folder, "host"), join(folder, "key"), await freePort()];
  for (const file of [hostKey, key]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  // sshd that starts as root wants this folder.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const config = join(folder, "sshd_config");
  const lines = [
    ...["ListenAddress 127.0.0.1", `Port ${port}`, `HostKey ${hostKey}`, `AuthorizedKeysFile ${key}.pub`],
    ...["PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin yes"],
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const server = spawn(SSHD, ["-D", "-e", "-f", config], { stdio: "ignore" });
  await answers(port, server);
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ExitOnForwardFailure=yes"];
  const flags = ["-N", "-F", "none", "-i", key, "-p", String(port), ...options.flatMap((option) => ["-o", option])];
  const target = `${userInfo().username}@127.0.0.1`;
  const client = spawn(SSH, [...flags, "-L", `${from}:127.0.0.1:${to}`, target], { stdio: "ignore" });
  await answers(from, client);
  return () => {
    client.kill();
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Resolves once a port of this machine takes connections. @throws if the program ends before. */
async function answers(port: number, program: ChildProcess): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    if (program.exitCode !== null) throw new Error(`${program.spawnfile} ended with ${program.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
