/**
 * A script with its placeholders (`__NAME__`) filled in. One pass: a value that looks like a
 * placeholder is never looked at again.
 */
export function fillTemplate(template: string, words: ReadonlyMap<string, string>): string {
  return template.replaceAll(/__([A-Z0-9]+(?:_[A-Z0-9]+)*)__/g, (placeholder, name: string) => {
    const word = words.get(name);
    if (word === undefined) throw new Error(`The script holds the unknown placeholder ${placeholder}.`);
    return word;
  });
}
