/** The command lines of user-vps in a Markdown document, in words as a shell would take them. */

/** What ends a command: a pipe, another command, a comment, the end of a substitution. */
const END = /^(?:[|;&)>]|#)/;
const WORD = /^(?:\$\([^)]*\)|'[^']*'|"[^"]*"|[^\s'"|;&)>])+/;

/** What `ID` and the like stand for; a user name will do for the rest. */
const GAPS: Readonly<Record<string, string>> = { ID: "17923", URL: "https://example.com/x", VERSION: "1.4.2" };

/** Gaps to fill in (`USER`, `ID`) are filled in; lines with one of another kind, as `…` or `<id>`, are none. */
export function commandLinesIn(text: string): string[][] {
  const blocks = [...text.matchAll(/^```(?:sh|console|bash)?\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.replaceAll(/\\\n\s*/g, "").split("\n"));
  const inline = [...text.replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...blocks, ...inline].flatMap((line) => {
    const found = /(?:^|\$ |npx |&& |\$\()user-vps (?<rest>[a-z].*)$/.exec(line);
    const words = found ? wordsOf(found.groups!["rest"]!) : [];
    return words.length === 0 || words.some((word) => /[…<[{]/.test(word)) ? [] : [words];
  });
}

function wordsOf(line: string): string[] {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== "" && !END.test(rest)) {
    const [word] = WORD.exec(rest) ?? [];
    if (!word) break;
    words.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? "").replace(/^[A-Z]{2,}$/, (gap) => GAPS[gap] ?? "alice"));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}
