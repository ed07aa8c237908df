/** How the engine keeps a file of its state in a row: base64 in JSON, and a checkpoint packed or not. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";

export interface Blob {
  readonly key: string;
  readonly data: { readonly data: string };
}

/**
 * What the key of a stack may end in. An engine of the service's writes the first alone; a plain `pulumi` with
 * PULUMI_DIY_BACKEND_GZIP or _ZSTD writes the others in its place, and the service's next one unpacks them again.
 */
export const STATE_ENDINGS = [".json", ".json.gz", ".json.zst"] as const;

/** The same for PostgreSQL's regular expressions. */
export const STATE_ENDING = "[.]json([.](gz|zst))?$";

export function blobOf(text: string): Blob["data"] {
  return { data: Buffer.from(text).toString("base64") };
}

export function contentOf({ data }: Blob): unknown {
  return JSON.parse(unpacked(Buffer.from(data.data, "base64")).toString("utf8"));
}

/** By its first bytes, as the engine does it (`DetectCompression` in pulumi/sdk/go/common/encoding). */
function unpacked(bytes: Buffer): Buffer {
  const begin = bytes.toString("hex", 0, 4);
  if (begin.startsWith("1f8b08")) return gunzipSync(bytes);
  return begin === "28b52ffd" ? zstdDecompressSync(bytes) : bytes;
}
