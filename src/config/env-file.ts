/** The file `.env`, which systemd's EnvironmentFile, Docker and shells read as well, not all in the same way. */
import { parseEnv } from "node:util";

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
  return [...withoutMark(text).matchAll(ASSIGNMENT)].flatMap((match) => {
    const [, exported, name, quoted = "", rest = ""] = match;
    const difference = differenceOf(exported !== undefined, quoted, rest.trim());
    if (difference === undefined) return [];
    const line = withoutMark(text).slice(0, match.index).split("\n").length;
    return [`line ${line}: ${name} ${difference}; systemd's EnvironmentFile reads another value. Put the value in single quotes, alone on its line.`];
  });
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
