/**
 * Compares normalized paths with "/" as separator by their text alone. It resolves neither "..", nor symbolic links.
 */

/** Whether `path` is below `folder`; a folder is not inside itself. */
export function isInside(folder: string, path: string): boolean {
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  return path.length > prefix.length && path.startsWith(prefix);
}

/** Whether `path` is `folder` or below it. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || isInside(folder, path);
}
