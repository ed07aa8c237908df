/** How a session travels. */

export interface CookieRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly headers: { readonly cookie?: string | undefined };
}

const NAME = "user-vps-session";
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** Over plain HTTP only on the machine itself; everywhere else the browser sends it over HTTPS alone, to this very host. */
function needsHttps(request: CookieRequest): boolean {
  return !isLoopbackOverHttp(request);
}

export function isLoopbackOverHttp({ protocol, hostname }: CookieRequest): boolean {
  return protocol !== "https" && LOOPBACK.test(hostname);
}

function cookieName(request: CookieRequest): string {
  return needsHttps(request) ? `__Host-${NAME}` : NAME;
}

/** For `Set-Cookie`. An empty value and 0 seconds remove it. */
export function sessionCookie(request: CookieRequest, value: string, maxAgeSeconds: number): string {
  return `${cookieName(request)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${needsHttps(request) ? "; Secure" : ""}`;
}

export function readSessionCookie(request: CookieRequest): string | undefined {
  const name = `${cookieName(request)}=`;
  return request.headers.cookie?.split(/; */).find((cookie) => cookie.startsWith(name))?.slice(name.length);
}
