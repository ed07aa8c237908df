/** What Caddy's journal tells of certificates; a line each is JSON (caddyserver.com/docs/logging). */
import { beginningOf } from "../core/cut-text.ts";
import { harmlessLines } from "../core/printable.ts";

/** RFC 8555, section 6.6. */
const RATE_LIMITED = "urn:ietf:params:acme:error:rateLimited";
const OBTAINED = "certificate obtained successfully";
const LONGEST_REASON = 400;

/** The newest refusal for a rate limit, in the authority's words; undefined if there is none, or a certificate came after it. */
export function rateLimitIn(journal: string): string | undefined {
  const lines = harmlessLines(journal);
  const refused = lines.findLastIndex((line) => line.includes(RATE_LIMITED));
  if (refused < 0 || lines.slice(refused).some((line) => line.includes(OBTAINED))) return undefined;
  const line = lines[refused]!;
  return beginningOf(reasonOf(line), LONGEST_REASON);
}

function reasonOf(line: string): string {
  try {
    const { error } = JSON.parse(line) as { error?: unknown };
    return typeof error === "string" ? error : RATE_LIMITED;
  } catch {
    return line.slice(line.indexOf(RATE_LIMITED));
  }
}
