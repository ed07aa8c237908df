import { createHash } from "node:crypto";
import type { DiskCredentials } from "../model.ts";
import { readCommands } from "./shell-commands.ts";
import { expandWord } from "./shell-words.ts";

const ASSIGNMENT = /^([A-Z][A-Z0-9_]*)=([^]*)$/;

/** What the script's variables in upper case are first set to. */
export function scriptVariables(script: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { words } of readCommands(script)) {
    const [, name, raw] = (words.length === 1 && ASSIGNMENT.exec(words[0] ?? "")) || [];
    if (name !== undefined && raw !== undefined && !variables.has(name)) variables.set(name, expandWord(raw, variables));
  }
  return variables;
}

/** Of the secrets only hashes: enough to see whether they are the ones that are expected. */
export function credentialsIn(variables: ReadonlyMap<string, string>): DiskCredentials {
  return { passwordSha256: sha256(variables.get("SSH_PASSWORD")), jwtSecretSha256: sha256(variables.get("JWT_SECRET")), ownerId: variables.get("OWNER_ID") ?? null };
}

function sha256(text: string | undefined): string | null {
  return text === undefined ? null : createHash("sha256").update(text).digest("hex");
}
