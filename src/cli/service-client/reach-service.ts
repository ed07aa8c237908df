/** Where the service is and how it knows who asks: the environment, else the session that `login` keeps. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { VARIABLES } from "../../config/variables.ts";
import { httpUrl } from "../../config/value-schemas.ts";
import type { Environment } from "../../config/index.ts";
import { sessionInForce } from "./session-file.ts";

/**
 * USER_VPS_URL, else the session's, else where a service with the same settings serves on this machine.
 *
 * @throws UserVpsError CONFIG_INVALID
 */
export function serviceUrl(env: Environment): string {
  const host = env[VARIABLES.host.name] || VARIABLES.host.byDefault;
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return givenUrl(env["USER_VPS_URL"]) || sessionInForce(env)?.url || `http://${reachable}:${env[VARIABLES.port.name] || VARIABLES.port.byDefault}`;
}

/** @throws UserVpsError CONFIG_INVALID */
function givenUrl(url: string | undefined): string | undefined {
  if (!url || httpUrl.safeParse(url).success) return url;
  throw new UserVpsError("CONFIG_INVALID", "USER_VPS_URL: expected an http or https URL.", { next: "Set it to the service's address, such as https://vps.example.com." });
}

export type SignIn = () => Promise<Readonly<Record<string, string>>>;

/**
 * What signs a request in, for each anew: a token lives shorter than some commands wait. Who asks
 * stays the same, whoever logs in meanwhile. Errors: CONFIG_INVALID.
 */
export function signInWith(env: Environment): SignIn {
  const session = sessionInForce(env);
  return async () => {
    if (session) return headersOf(session);
    const { operatorToken } = await import("./operator-token.ts");
    return { authorization: `Bearer ${await operatorToken(env)}` };
  };
}

function headersOf({ url, cookie, csrfToken, expiresAt }: NonNullable<ReturnType<typeof sessionInForce>>): Readonly<Record<string, string>> {
  if (Date.parse(expiresAt) <= Date.now()) throw new UserVpsError("CONFIG_INVALID", `The session at ${url} has expired.`, { next: `Log in again: \`user-vps login ${url}\`.` });
  return { cookie, "x-csrf-token": csrfToken };
}
