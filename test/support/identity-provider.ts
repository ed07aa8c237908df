/** A real OpenID Connect provider in this process: everybody signs in under the name that they type, with the groups that are set here. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import Provider from "oidc-provider";

export interface IdentityProvider {
  readonly issuer: string;
  /** User name -> groups. */
  readonly groups: Map<string, string[]>;
  close(): Promise<void>;
}

export const CLIENT = { id: "user-vps", secret: "fake-client-secret-for-tests-of-32-bytes" };

/** @param redirectUri that logins may come back to */
export async function startIdentityProvider(redirectUri: string): Promise<IdentityProvider> {
  const groups = new Map<string, string[]>();
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUri] }],
    pkce: { required: () => true },
    scopes: ["openid", "email", "groups"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    cookies: { keys: ["fake-key-for-tests"] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@example.com`, email_verified: true, groups: groups.get(id) ?? [] }) }),
  });
  const handle = provider.callback();
  return {
    issuer, groups,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
