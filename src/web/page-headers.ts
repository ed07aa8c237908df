/**
 * What a browser may do with the page: nothing that does not come from this service as a file of its
 * own. No inline script or style, no text that becomes HTML (Trusted Types without a policy), no frame,
 * but that the user's page may stand in one of the named sites.
 */
const contentSecurityPolicy = (frameAncestors: readonly string[]) => [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  `frame-ancestors ${frameAncestors.length > 0 ? frameAncestors.join(" ") : "'none'"}`,
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const pageHeaders = (frameAncestors: readonly string[] = []) => ({
  "content-security-policy": contentSecurityPolicy(frameAncestors),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  // No other site learns an address of this one; 'no-referrer' would make the browser's own Origin header 'null'.
  "referrer-policy": "same-origin",
} as const);

export const PAGE_HEADERS = pageHeaders();
