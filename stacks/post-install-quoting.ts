/** How a value is written into bash and into TOML, and which values cannot be. */

/** One bash word that means exactly `value`, whatever it holds (but NUL and newlines: see `unrepresentable`). */
export function bashWord(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** `value` for the inside of a TOML basic string (toml.io, v1.0.0, "String"). */
export function tomlStringBody(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\t", "\\t");
}

/**
 * Why a text cannot stand in the script; undefined if it can. The reason never quotes the text.
 * A tab is the one control character that bash, TOML and chpasswd all carry.
 */
export function unrepresentable(value: string): string | undefined {
  if (value === "") return "is empty";
  if (!value.isWellFormed()) return "holds half of a surrogate pair, which UTF-8 cannot express";
  const control = /[^\P{Cc}\t]/u.exec(value)?.[0];
  if (control === undefined) return undefined;
  const code = control.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return `holds the control character U+${code}`;
}
