/** What matters of a Caddyfile here: which site it serves and to which port it hands the requests on. */
export interface Caddyfile {
  /** Host name of the first site; null if there is none that Caddy would serve over HTTPS. */
  siteAddress: string | null;
  upstreamPort: number | null;
  /** Its certificates are of its own making, so that it asks no authority (the global option `local_certs`). */
  hasLocalCertificates?: true;
}

export function readCaddyfile(text: string): Caddyfile {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const upstream = /^reverse_proxy\s+(?:https?:\/\/)?[^\s:]*:(\d+)/;
  const port = lines.map((line) => upstream.exec(line)?.[1]).find((found) => found !== undefined);
  return {
    siteAddress: siteOf(withoutGlobalOptions(lines)[0] ?? ""),
    upstreamPort: port === undefined ? null : Number(port),
    ...(lines[0] === "{" && lines.slice(0, lines.length - withoutGlobalOptions(lines).length).includes("local_certs") && { hasLocalCertificates: true }),
  };
}

/** A block without a name at the top holds options for all sites. */
function withoutGlobalOptions(lines: string[]): string[] {
  if (lines[0] !== "{") return lines;
  let depth = 0;
  for (const [index, line] of lines.entries()) {
    if (line.endsWith("{")) depth += 1;
    if (line.startsWith("}")) depth -= 1;
    if (depth === 0) return lines.slice(index + 1);
  }
  return [];
}

function siteOf(line: string): string | null {
  const first = line.replace(/\{$/, "").trim().split(/[\s,]+/)[0] ?? "";
  const match = /^"?(?:https:\/\/)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::443)?"?$/i.exec(first);
  return match?.[1]?.toLowerCase() ?? null;
}
