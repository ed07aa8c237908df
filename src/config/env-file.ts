/** The file `.env`, which systemd's EnvironmentFile, Docker and shells read as well, not all in the same way. */
import { parseEnv } from "node:util";
import { meantBy } from "../../providers/core/misspelt.ts";

const BYTE_ORDER_MARK = "\uFEFF";

export function parseEnvFile(text: string): Record<string, string> {
  return parseEnv(withoutMark(text)) as Record<string, string>;
}

/** Written so that all who read such a file read the same. For values without a line break and a single quote. */
export function envFileLine(name: string, value: string): string {
  if (/['\r\n]/.test(value)) throw new Error(`${name} cannot be written into a .env in single quotes.`);
  return `${name}='${value}'`;
}

const ASSIGNMENT = /^[ \t]*(export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*('[^']*'|"[^"]*"|`[^`]*`)?([^\r\n]*)$/gm;

/** The lines that systemd's EnvironmentFile would read differently, each told without its value. */
export function envFileDifferences(text: string): string[] {
  return assignmentsOf(text).flatMap(({ line, name, isExported, quoted, rest }) => {
    const difference = differenceOf(isExported, quoted, rest);
    return difference === undefined ? [] : [`line ${line}: ${name} ${difference}; systemd's EnvironmentFile reads another value. Put the value in single quotes, alone on its line.`];
  });
}

/** The lines that set what is no known name and looks like one. */
export function envFileMisspellings(text: string, known: readonly string[]): string[] {
  return assignmentsOf(text).flatMap(({ line, name }) => {
    const meant = meantBy(name, known);
    return meant === undefined ? [] : [`line ${line}: ${name} is no setting; is ${meant} meant?`];
  });
}

/** The lines that set one of these names, each told without its value. */
export function envFileLinesOf(text: string, names: ReadonlySet<string>): { readonly line: number; readonly name: string }[] {
  return assignmentsOf(text).filter(({ name }) => names.has(name));
}

function assignmentsOf(given: string) {
  const text = withoutMark(given);
  return [...text.matchAll(ASSIGNMENT)].map(({ index, 1: exported, 2: name = "", 3: quoted = "", 4: rest = "" }) => ({
    line: text.slice(0, index).split("\n").length, name, isExported: exported !== undefined, quoted, rest: rest.trim(),
  }));
}

function differenceOf(isExported: boolean, quoted: string, rest: string): string | undefined {
  if (isExported) return "begins with 'export', which is left out here";
  if (quoted.startsWith("`")) return "stands in backticks, which are left out here";
  if (quoted.startsWith('"') && quoted.includes("\\")) return "holds a backslash in double quotes, which stays as it is here";
  if (quoted !== "") return rest === "" ? undefined : "has text behind the closing quote, which is left out here";
  if (/^['"`]/.test(rest)) return "begins with a quote that is not closed, which stays as it is here";
  if (rest.includes("#")) return "holds a '#' without quotes, and ends before it here";
  return rest.includes("\\") ? "holds a backslash without quotes, which stays as it is here" : undefined;
}

/** Some editors begin a file with it, and the first variable's name would hold it. */
function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}
