/**
 * Ends this thread for an error that nothing caught. Node's own handler copies the error for the desk's thread with
 * functions that an adapter can replace: the copy can then be an object for which Node calls methods by its internal
 * symbols, and makes an object of an internal class in the desk's thread.
 */

/** Call before any adapter code runs. `report` is called once; what it throws is dropped. */
export function endAtUncaughtErrors(report: (thrown: unknown) => void): void {
  const exit = process.exit.bind(process);
  const exitAtOnce = (process as unknown as { reallyExit(code: number): void }).reallyExit.bind(process);
  process.setUncaughtExceptionCaptureCallback((thrown: unknown) => {
    try {
      report(thrown);
      exit(1);
    } catch {
      // A listener of `exit` calls functions that the adapter may have replaced.
      exitAtOnce(1);
    }
  });
}
