/**
 * What a browser may do with the page: nothing that does not come from this service as a file of its
 * own. No inline script or style, no text that becomes HTML (Trusted Types without a policy), no frame.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const PAGE_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  // No other site learns an address of this one; 'no-referrer' would make the browser's own Origin header 'null'.
  "referrer-policy": "same-origin",
} as const;
