/** How things look: tables for people, JSON for programs. */
import { beginningOf } from "../../providers/core/cut-text.ts";

export { money } from "../../providers/core/money.ts";
export { moment } from "../../providers/core/time.ts";

type Cell = string | number | null | undefined;

/** Columns as wide as their longest cell, two blanks between; `-` where there is nothing. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], whenEmpty = "none"): string {
  if (rows.length === 0) return whenEmpty;
  const lines = [head, ...rows.map((row) => row.map(asText))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()).join("\n");
}

const LONGEST_CELL = 60;

/** For a cell of a table; `--json` has it in full. */
export function shortened(text: string): string {
  return text.length > LONGEST_CELL ? `${beginningOf(text, LONGEST_CELL - 1)}…` : text;
}

/** One line a field; those without a value are left out. */
export function fields(values: Readonly<Record<string, Cell>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const width = Math.max(0, ...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function asText(cell: Cell): string {
  // One row stays one line, and nothing of it is a command to the terminal.
  return cell === undefined || cell === null || cell === "" ? "-" : String(cell).replaceAll(/\p{Cc}+/gu, " ");
}
