import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Writes the CA's certificate where clients can read it; a temporary folder is removed at the end. */
export function writeCaFile(dataDir: string | undefined, pem: string): { file: string; remove: () => void } {
  const folder = dataDir === undefined ? mkdtempSync(join(tmpdir(), "user-vps-sandbox-")) : resolve(dataDir);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "ca.pem");
  writeFileSync(file, pem);
  return { file, remove: () => (dataDir === undefined ? rmSync(folder, { recursive: true, force: true }) : undefined) };
}
