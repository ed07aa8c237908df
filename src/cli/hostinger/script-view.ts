import { createHash } from "node:crypto";
import type { PostInstallScript } from "../../../providers/hostinger/api/client.ts";

export interface ScriptView {
  readonly id: number;
  readonly name: string;
  /** Of the content; null where the API does not tell it. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly createdAt: string | null | undefined;
  readonly updatedAt: string | null | undefined;
}

/** A script without its content: that is where users' credentials travel, so it is never printed. */
export function scriptView({ id, name, content, createdAt, updatedAt }: PostInstallScript): ScriptView {
  const isKnown = typeof content === "string";
  return {
    id, name, createdAt, updatedAt,
    bytes: isKnown ? Buffer.byteLength(content) : null,
    sha256: isKnown ? createHash("sha256").update(content).digest("hex") : null,
  };
}
