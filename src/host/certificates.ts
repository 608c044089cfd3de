/** Reads the certificate files that a connector trusts in addition to the runtime's certificates. */
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";

const CERTIFICATES_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Returns the PEM text of each file. @throws CA_INVALID with the path of a file that is missing or has no certificate.
 */
export async function readCertificates(
  disk: Disk,
  connector: string,
  paths: readonly string[],
): Promise<readonly string[]> {
  return Promise.all(
    paths.map(async (path) => {
      const text = await disk.readText(path, CERTIFICATES_BYTES_MAX).catch(() => "");
      if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new QocError("CA_INVALID", { connector, path });
      return text;
    }),
  );
}
