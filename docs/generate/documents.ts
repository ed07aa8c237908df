/** All generated documents. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { apiDocument } from "../../src/http/api-document.ts";
import { cliPage } from "./cli.ts";
import { CLIENT_SCHEMA, clientSchema } from "./client.ts";
import { configurationPage, environmentExample } from "./configuration.ts";
import { errorsPage } from "./errors.ts";
import type { OpenApi } from "./http/openapi.ts";
import { httpPage } from "./http/page.ts";
import { replaceMarked } from "./marked.ts";
import { OFFERED } from "../../src/http/offers.ts";
import { rolesTable } from "./roles.ts";
import { ofReleases, stackSettingsTable } from "./stack-settings.ts";
import { transcriptsPage } from "./transcripts/page.ts";
import type { DocumentedWorld } from "./world.ts";

export const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** Path in the checkout -> what the file has to hold. */
export type Documents = Map<string, string>;

/** Those that follow from the code alone; a unit test says that they are current. */
export async function documentsOfTheCode(api: OpenApi): Promise<Documents> {
  return new Map([
    [".env.example", environmentExample()],
    ["docs/configuration.md", configurationPage()],
    ["docs/releases.md", await marked("docs/releases.md", "stack settings", stackSettingsTable(ofReleases))],
    ["docs/security.md", await marked("docs/security.md", "who may what", rolesTable())],
    ["docs/errors.md", errorsPage()],
    ["docs/cli.md", cliPage()],
    [CLIENT_SCHEMA, await clientSchema(api)],
    ["docs/openapi.json", `${JSON.stringify(api, undefined, 2)}\n`],
  ]);
}

/** With those that tell what a running service does. */
export async function allDocuments(world: DocumentedWorld, say: (line: string) => void): Promise<Documents> {
  const api = await describedApi();
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  return new Map([
    ...await documentsOfTheCode(api),
    ["docs/http.md", httpPage(api, metrics)],
    ["docs/transcripts.md", await transcriptsPage(world, say)],
  ]);
}

/** What is offered at the moment is no matter of a document that is kept. */
export async function describedApi(): Promise<OpenApi> {
  return JSON.parse(JSON.stringify(await apiDocument()), (_, value: Record<string, unknown> | null) => (value?.[OFFERED] === undefined ? value : { ...value, enum: undefined })) as OpenApi;
}

async function marked(path: string, name: string, text: string): Promise<string> {
  return replaceMarked(await readFile(join(CHECKOUT, path), "utf8"), name, text);
}
