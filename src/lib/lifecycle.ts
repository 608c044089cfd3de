/**
 * Opens resources in order and closes them in the reverse order. A failed start and a normal stop use the same list, so
 * a resource that was opened is always closed, and one failing close does not keep the others from closing.
 */
export class Lifecycle {
  readonly #opened: { readonly name: string; readonly close: () => unknown }[] = [];
  #closing: Promise<void> | undefined;

  /**
   * Opens a resource and registers its close function.
   * @param name names the resource in the errors of `close`.
   * @throws the error of `open`; the resource is then not registered.
   */
  async open<T>(name: string, open: () => T | Promise<T>, close: (resource: T) => unknown): Promise<T> {
    const resource = await open();
    this.#opened.push({ name, close: () => close(resource) });
    return resource;
  }

  /**
   * Closes every resource, newest first. Later calls return the promise of the first call.
   * @throws AggregateError with one error per resource that failed to close, after all others are closed.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: Error[] = [];
    for (let entry = this.#opened.pop(); entry !== undefined; entry = this.#opened.pop()) {
      const { name, close } = entry;
      try {
        await close();
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        failures.push(new Error(`closing ${name}: ${message}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join("; "));
  }
}
