/** The port to the host. */
export interface Port {
  post(message: unknown): void;
}
