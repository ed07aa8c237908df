/** The one rule of what a host name is. */

/** Why a text is no fully qualified host name, in words that continue "NAME …"; undefined if it is one, in whatever case. */
export function hostnameFault(value: string): string | undefined {
  if (value.length > 253) return "is longer than the 253 characters of a DNS name";
  const labels = value.split(".");
  if (labels.length < 2) return "is not a full DNS name such as alice.spoq.dev";
  if (!labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))) {
    return "is not a DNS name: each part is 1 to 63 characters of a-z, 0-9 and '-', with no '-' at its ends";
  }
  return /^\d+$/.test(labels.at(-1) ?? "") ? "is an address or ends in a number, not in a domain" : undefined;
}

/** Fully qualified and in lower case. */
export function isHostname(value: unknown): value is string {
  return typeof value === "string" && value === value.toLowerCase() && hostnameFault(value) === undefined;
}
