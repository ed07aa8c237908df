import { endOfPiece, expandWord } from "./shell-words.ts";

/** One simple command of a script: its words as written, and the here-documents given to it. */
export interface Command {
  words: string[];
  hereDocuments: { body: string; expands: boolean }[];
}

interface PendingHereDocument {
  command: Command;
  delimiter: string;
  expands: boolean;
  stripTabs: boolean;
}

/**
 * Cuts a bash script into its simple commands, in the order in which they are written. Loops, conditions and
 * functions are not understood: their words are commands like any other. That is enough to see what a
 * post-install script sets up.
 */
export function readCommands(script: string): Command[] {
  const commands: Command[] = [];
  const pending: PendingHereDocument[] = [];
  let command: Command = { words: [], hereDocuments: [] };
  let word = "";
  let at = 0;

  const endWord = () => {
    if (word !== "") command.words.push(word);
    word = "";
  };
  const endCommand = () => {
    endWord();
    if (command.words.length > 0) commands.push(command);
    command = { words: [], hereDocuments: [] };
  };

  while (at < script.length) {
    const rest = script.slice(at, at + 3);
    const character = rest[0] ?? "";
    if (rest.startsWith("\\\n")) at += 2;
    else if (character === "#" && word === "") at = endOfLine(script, at);
    else if (character === " " || character === "\t") {
      endWord();
      at += 1;
    } else if (character === "\n") {
      endCommand();
      at = readBodies(script, at + 1, pending.splice(0));
    } else if (rest.startsWith("<<") && rest !== "<<<") {
      endWord();
      const opening = /^<<(-?)[ \t]*/.exec(script.slice(at, at + 80)) ?? ["<<", ""];
      const start = at + opening[0].length;
      at = endOfWord(script, start);
      const raw = script.slice(start, at);
      const delimiter = expandWord(raw, new Map());
      pending.push({ command, delimiter, expands: !/['"\\]/.test(raw), stripTabs: opening[1] === "-" });
    } else if (/^(?:[<>]&|&>|<<<|>>|<|>)/.test(rest)) {
      endWord();
      const operator = /^(?:[<>]&|&>|<<<|>>|<|>)/.exec(rest)?.[0] ?? character;
      command.words.push(operator);
      at += operator.length;
    } else if (/[;&|()]/.test(character)) {
      endCommand();
      at += 1;
    } else {
      const end = endOfPiece(script, at);
      word += script.slice(at, end);
      at = end;
    }
  }
  endCommand();
  return commands;
}

function endOfLine(script: string, from: number): number {
  const found = script.indexOf("\n", from);
  return found === -1 ? script.length : found;
}

function endOfWord(script: string, from: number): number {
  let at = from;
  while (at < script.length && !/[\s;&|()<>]/.test(script[at] ?? "")) at = endOfPiece(script, at);
  return at;
}

/** Reads the bodies of the here-documents that were announced on the line before; returns where they end. */
function readBodies(script: string, from: number, announced: PendingHereDocument[]): number {
  let at = from;
  for (const { command, delimiter, expands, stripTabs } of announced) {
    const lines: string[] = [];
    while (at < script.length) {
      const end = endOfLine(script, at);
      const written = script.slice(at, end);
      const line = stripTabs ? written.replace(/^\t+/, "") : written;
      at = end + 1;
      if (line === delimiter) break;
      lines.push(line);
    }
    command.hereDocuments.push({ body: lines.map((line) => `${line}\n`).join(""), expands });
  }
  return at;
}
