/**
 * Starts the egress thread, which owns the sockets of all connectors, and opens one connection to it for each worker
 * session. If the thread ends, every session that used it ends, and the next session starts a new thread.
 */
import type { Socket } from "node:net";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { offerProcessSocket } from "../egress/process-socket.ts";
import type { NetworkPolicy, ProcessSocket, ServeMessage, ViolationMessage } from "../protocol/egress-messages.ts";

interface Connection {
  /** Called with the reason if the egress thread ends the connection, or has ended itself. */
  onEnd(listener: (reason: string) => void): void;
  /** Ends every request and socket of the connection. */
  close(): void;
}

/** Of a connector in a thread. */
export interface EgressConnection extends Connection {
  /** The connector's end. */
  readonly port: MessagePort;
}

/** Of a connector in a process, whose messages are frames that do not pass through the host. */
export interface ProcessConnection extends Connection {
  /** The process's end: pass it on as a descriptor. */
  readonly socket: Socket;
}

export interface Egress {
  /** Opens a connection that may reach what the policy allows. */
  connect(policy: NetworkPolicy): EgressConnection;
  /** The same for a process. The path of a socket is used until the promise resolves. @throws Error if it cannot be. */
  connectProcess(policy: NetworkPolicy, socket: ProcessSocket): Promise<ProcessConnection>;
  close(): Promise<void>;
}

/** `file` is the path of the thread's code. */
export function openEgress(file: string): Egress {
  return new EgressThread(file);
}

class EgressThread implements Egress {
  readonly #file: string;
  readonly #connections = new Map<number, (reason: string) => void>();
  #worker: Worker | undefined;
  #lastConnection = 0;

  constructor(file: string) {
    this.#file = file;
  }

  connect(policy: NetworkPolicy): EgressConnection {
    return this.#serve({ policy });
  }

  async connectProcess(policy: NetworkPolicy, process: ProcessSocket): Promise<ProcessConnection> {
    const offer = await offerProcessSocket(process.path);
    const { port: control, onEnd, close } = this.#serve({ policy, process });
    onEnd(() => offer.close());
    control.once("close", () => offer.close());
    try {
      const socket = await offer.accepted;
      return { socket, onEnd, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  #serve(what: Pick<ServeMessage, "policy" | "process">): EgressConnection {
    const worker = (this.#worker ??= this.#start());
    this.#lastConnection += 1;
    const connection = this.#lastConnection;
    const { port1, port2 } = new MessageChannel();
    // A port without `ref` does not keep the desk from ending.
    port2.unref();
    let onEnd: (reason: string) => void = () => undefined;
    this.#connections.set(connection, (reason) => onEnd(reason));
    const message: ServeMessage = { type: "serve", connection, ...what };
    worker.postMessage({ ...message, port: port1 }, [port1]);
    return {
      port: port2,
      onEnd: (listener) => void (onEnd = listener),
      close: () => {
        this.#connections.delete(connection);
        port2.close();
      },
    };
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#connections.clear();
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { name: "qoc:egress", env: {}, execArgv: ["--no-warnings"], stdin: false });
    let failure = "";
    worker.on("message", ({ connection, reason }: ViolationMessage) => {
      this.#endConnection(connection, `its network messages were invalid: ${reason}`);
    });
    worker.on("error", (error: unknown) => (failure = error instanceof Error ? error.message : String(error)));
    worker.once("exit", (code) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const reason = `the egress thread ended: ${failure === "" ? `code ${code}` : failure}`;
      for (const connection of [...this.#connections.keys()]) this.#endConnection(connection, reason);
    });
    // After the listeners: one for messages makes the thread keep the process alive again.
    worker.unref();
    return worker;
  }

  #endConnection(connection: number, reason: string): void {
    const end = this.#connections.get(connection);
    this.#connections.delete(connection);
    end?.(reason);
  }
}
