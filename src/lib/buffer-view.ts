/** The same bytes as a Buffer. `Buffer.from(bytes)` would copy them. */
export function bufferView({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
