/** Generated parts of documents that are otherwise written by hand. */

/**
 * Puts `text` between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.
 *
 * @throws Error if the document has no such markers
 */
export function replaceMarked(document: string, name: string, text: string): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The markers '${begin}' and '${end}' are missing.`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
