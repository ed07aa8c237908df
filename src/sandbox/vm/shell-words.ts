/** What a word or a here-document of a bash script comes to, without ever running anything. */

export type Variables = ReadonlyMap<string, string>;

const ANSI_C: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", e: "\x1b", E: "\x1b", f: "\f", v: "\v" };
const ANSI_C_ESCAPE = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|([^]))/g;
const PARAMETER = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-=])([^}]*)|[^}]*)\})/;

/** Where the quoted or substituted piece that starts at `start` ends (the index after it). */
export function endOfPiece(text: string, start: number): number {
  const opening = text[start];
  if (opening === "\\") return Math.min(start + 2, text.length);
  if (opening === "'") return after(text, "'", start + 1);
  if (opening === "`") return after(text, "`", start + 1);
  if (opening === '"') return endOfPieces(text, start + 1, '"');
  if (opening === "$" && text[start + 1] === "'") {
    let end = start + 2;
    while (end < text.length && text[end] !== "'") end += text[end] === "\\" ? 2 : 1;
    return Math.min(end + 1, text.length);
  }
  if (opening === "$" && text[start + 1] === "(") return endOfPieces(text, start + 2, ")");
  if (opening === "$" && text[start + 1] === "{") return endOfPieces(text, start + 2, "}");
  return start + 1;
}

function after(text: string, closing: string, from: number): number {
  const found = text.indexOf(closing, from);
  return found === -1 ? text.length : found + 1;
}

/** Within double quotes a single quote means itself, so only `\`, `$` and backquotes start a piece there. */
function endOfPieces(text: string, from: number, closing: string): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === closing) return at + 1;
    if (closing === ")" && text[at] === "(") at = endOfPieces(text, at + 1, ")");
    else if (closing === '"' && (text[at] === "'" || (text[at] === "$" && text[at + 1] === "'"))) at += 1;
    else at = endOfPiece(text, at);
  }
  return at;
}

/** A word as written, quotes and all, to the text that the command gets. */
export function expandWord(raw: string, variables: Variables): string {
  let text = "";
  let at = 0;
  while (at < raw.length) {
    const end = endOfPiece(raw, at);
    const piece = raw.slice(at, end);
    if (piece.startsWith("'")) text += piece.slice(1, -1);
    else if (piece.startsWith("$'")) text += expandAnsiC(piece.slice(2, -1));
    else if (piece.startsWith('"')) text += expandDoubleQuoted(piece.slice(1, -1), variables, /[$`"\\\n]/);
    else if (piece.startsWith("\\")) text += piece === "\\\n" ? "" : piece.slice(1);
    else if (piece.startsWith("$") || piece.startsWith("`")) {
      const parameter = readParameter(raw.slice(at), variables);
      text += parameter.value;
      at += parameter.length;
      continue;
    } else text += piece;
    at = end;
  }
  return text;
}

/** The body of a here-document whose delimiter was not quoted. */
export function expandHereDocument(body: string, variables: Variables): string {
  return expandDoubleQuoted(body, variables, /[$`\\\n]/);
}

function expandDoubleQuoted(text: string, variables: Variables, escapable: RegExp): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? "";
    const next = text[at + 1] ?? "";
    if (character === "\\" && next !== "" && escapable.test(next)) {
      result += next === "\n" ? "" : next;
      at += 2;
    } else if (character === "$" || character === "`") {
      const parameter = readParameter(text.slice(at), variables);
      result += parameter.value;
      at += parameter.length;
    } else {
      result += character;
      at += 1;
    }
  }
  return result;
}

/** The output of a command substitution is not known here: it becomes nothing, as does a variable not set. */
function readParameter(text: string, variables: Variables): { value: string; length: number } {
  const match = PARAMETER.exec(text);
  if (match !== null) {
    const value = variables.get(match[1] ?? match[2] ?? "") ?? "";
    const fallback = match[4] === undefined ? "" : expandWord(match[4], variables);
    return { value: value === "" ? fallback : value, length: match[0].length };
  }
  if (/^(?:\$[({]|`)/.test(text)) return { value: "", length: endOfPiece(text, 0) };
  return /^\$[0-9@*#?!$-]/.test(text) ? { value: "", length: 2 } : { value: text.charAt(0), length: 1 };
}

function expandAnsiC(text: string): string {
  return text.replace(ANSI_C_ESCAPE, (_all, hex?: string, u4?: string, u8?: string, octal?: string, one = "") => {
    const code = hex ?? u4 ?? u8;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8) & 0xff);
    return ANSI_C[one as string] ?? (/['"\\?]/.test(one as string) ? (one as string) : `\\${String(one)}`);
  });
}
