/** `--stay`: the demo's world stays up until Ctrl-C, with a page to look at and commands to try. */
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { HOUR_MS, SECOND_MS } from "../../../providers/core/time.ts";
import type { DemoWorld } from "./world.ts";
import { engineBackend } from "../../install-pulumi/engine-backend.ts";
import { asExportLines, CLOSED_OFF, sandboxEnvironment, writeEnvironmentFile } from "../sandbox-env.ts";
import { signServiceToken, whoAmI } from "../service-client/operator-token.ts";
import { sandboxFolder } from "../user-stack/stack-folder.ts";

export const demoEnvFile = () => join(sandboxFolder(), "demo-env");

const TOKEN_LIFETIME_SECONDS = (12 * HOUR_MS) / SECOND_MS;

/** Returns when `ended` is aborted. The file with the environment is there only until then. */
export async function stay(world: DemoWorld, { envFile, ended }: { envFile: string; ended: AbortSignal }): Promise<void> {
  if (ended.aborted) return;
  const token = await signServiceToken(world.env, { subject: whoAmI(), role: "owner", lifetimeSeconds: TOKEN_LIFETIME_SECONDS });
  try {
    await writeEnvironmentFile(envFile, asExportLines(environmentFor(world, token), world.engine.binDir));
    console.error(whatToTry(world, token, envFile));
    await new Promise((end) => ended.addEventListener("abort", end, { once: true }));
  } finally {
    await rm(envFile, { force: true });
  }
}

/** What a second terminal needs: for `npx user-vps`, the plain Pulumi CLI and curl. */
function environmentFor({ sandbox, engine, env, url, databaseUrl }: DemoWorld, token: string): Record<string, string> {
  const backend = Object.entries(engineBackend(databaseUrl)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...CLOSED_OFF,
    ...sandboxEnvironment(sandbox, engine),
    ...Object.fromEntries(backend),
    DATABASE_URL: databaseUrl,
    JWT_SECRET: env["JWT_SECRET"]!,
    CREDENTIALS_KEYS: env["CREDENTIALS_KEYS"]!,
    USER_VPS_URL: url,
    USER_VPS_TOKEN: token,
    SANDBOX_CONTROL_URL: sandbox.controlUrl,
  };
}

/** The token stands here and in the file alone: in an address it would be logged and remembered. */
function whatToTry({ url, sandbox }: DemoWorld, token: string, envFile: string): string {
  const vmId = sandbox.state().vms.find(({ hostname }) => hostname === "bob.spoq.dev")?.id;
  const path = relative(process.cwd(), envFile);
  const control = (what: string, body: object) => `curl -X POST "$SANDBOX_CONTROL_URL/${what}" -d '${JSON.stringify(body)}'`;
  return `
The demo stays until Ctrl-C; then all of it is gone.

Operators' page   ${url}/
Token to log in   ${token}

In a second terminal, in this folder:
  . ${path.startsWith("..") ? envFile : `./${path}`}

Then try:
  npx user-vps status alice                        # --help lists the other commands
  npx user-vps doctor
  npx user-vps drift alice                         # the plain Pulumi CLI on the service's stack
  pulumi stack ls
  curl "$USER_VPS_URL/api/admin/vps" -H "Authorization: Bearer $USER_VPS_TOKEN"

  # Somebody signs up: watch the page, or:
  curl -X POST "$USER_VPS_URL/api/vps/provision" -H "Authorization: Bearer $(npx user-vps token carol)"
  npx user-vps events carol

  # What carol sees: open the url of the answer, within a minute.
  curl -X POST "$USER_VPS_URL/api/vps/hand-over" -H "Authorization: Bearer $(npx user-vps token carol)"

  # Drift: bob's VM stops, alice's name leads elsewhere. 'Sweep now' and Repair on the page do the same.
  ${control(`vms/${vmId}/drift`, { kind: "stopped" })}
  ${control("records/drift", { name: "alice.spoq.dev", kind: "content", content: "127.9.9.9" })}
  npx user-vps sweep
  npx user-vps repair bob --reason "trying the demo" --follow

  # A VPS whose first boot goes wrong fails after a minute; where did its script stop?
  ${control("boot", { hostname: "dora.spoq.dev", outcome: "script-fails", failsInStep: 8 })}
  curl -X POST "$USER_VPS_URL/api/vps/provision" -H "Authorization: Bearer $(npx user-vps token dora)"
  npx user-vps logs dora --boot

  # Give bob's VPS up: DNS record removed, data wiped, VM stopped and not renewed.
  npx user-vps deprovision bob --reason "trying the demo" --confirm bob
`;
}
