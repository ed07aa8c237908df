import swagger, { type SwaggerTransformObject } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { Catalog } from "../../providers/hostinger/api/live-catalog.ts";
import { OPERATOR_ROLES, SCOPE_OF_ROLE } from "../config/operator-roles.ts";
import { ANSWER_HEADERS, REFUSAL_HEADERS, type Headers } from "./answer-headers.ts";
import { REFUSALS } from "./answers.ts";
import { BODY_EXAMPLES, SHAPE_EXAMPLES } from "./examples.ts";
import { namesOf, OFFERED } from "./offers.ts";
import type { OfferedKind, ReadOffers } from "./offers.ts";
import { operationOf, scopesFor } from "./operations.ts";

export interface Described {
  readonly offers: ReadOffers;
  /** Where the service is reached from outside, if that is set. */
  readonly publicUrl: string | undefined;
}

/** Has to be registered before the routes that it describes: the document at /openapi.json, readable at /docs. */
export async function describeRoutes(app: FastifyInstance, { offers, publicUrl }: Described): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "user-vps", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" },
        description: "A VPS for each signed-up user. Every refusal has the one shape `Error`; every list comes by pages, with `limit` and `cursor`. Every answer has the header `X-Request-Id`. Times are UTC. A later version may add fields to an answer: take no notice of those that are not known.",
      },
      servers: [publicUrl === undefined ? { url: "/", description: "The service that this document comes from." } : { url: publicUrl, description: "The service." }],
      tags: [
        { name: "user", description: "For a signed-in user, about their own VPS." },
        { name: "operators", description: `For tokens with the scope of a role: ${OPERATOR_ROLES.map((role) => `\`${SCOPE_OF_ROLE[role]}\``).join(", ")}; each includes those before it.` },
        { name: "operation", description: "For those who run the service." },
      ],
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "Of a user; an operator's has the scope of a role: what an operation needs at least stands beside it." },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: describeRest,
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
  app.get("/openapi.json", { schema: { hide: true } }, async () => withOffers(app.swagger(), await offers()));
}

/** What is offered changes, and is not known when the routes are made. */
function withOffers(document: object, catalog: Catalog): object {
  const names = namesOf(catalog);
  return JSON.parse(JSON.stringify(document), (_, value: unknown) => {
    const kind = (value as Readonly<Record<string, unknown>> | null)?.[OFFERED] as OfferedKind | undefined;
    return kind === undefined ? value : { ...(value as object), enum: names[kind] };
  }) as object;
}

interface DescribedResponse {
  readonly description?: string;
  headers?: Headers;
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>;
}

interface DescribedOperation {
  operationId?: string;
  responses?: Record<string, DescribedResponse | { readonly $ref: string }>;
  security?: Record<string, string[]>[];
  requestBody?: { required: boolean; content: Record<string, { schema: { required?: string[] }; example?: unknown }> };
}

interface Document {
  paths?: Record<string, Record<string, DescribedOperation>>;
  components?: { schemas?: Record<string, { examples?: unknown[] }>; responses?: Record<string, DescribedResponse> };
}

/** What the generator does not know: names, who has to sign in, examples, headers, which bodies may be left out, and that no named schema is of a request. */
const describeRest: SwaggerTransformObject = (document) => {
  const described = jsonSchemaTransformObject(document) as Document;
  for (const [path, methods] of Object.entries(described.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) describeOperation(operation, method.toUpperCase(), path);
  }
  const components = (described.components ??= {});
  components.responses = nameRefusals(described);
  const schemas = components.schemas ?? {};
  for (const [name, schema] of Object.entries(schemas)) {
    if (name.endsWith("Input")) delete schemas[name];
    else if (name in SHAPE_EXAMPLES) schema.examples = [SHAPE_EXAMPLES[name]];
  }
  leaveRoom(schemas);
  return described;
};

/** For fields that a later version adds: clients that hold answers to the description would refuse them otherwise. */
function leaveRoom(answer: unknown): void {
  if (typeof answer !== "object" || answer === null) return;
  const schema = answer as { additionalProperties?: unknown };
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  for (const part of Object.values(schema)) leaveRoom(part);
}

/** What nearly every operation can refuse with stands in the document once. */
function nameRefusals({ paths = {} }: Document): Record<string, DescribedResponse> {
  const named: Record<string, DescribedResponse> = {};
  for (const { responses = {} } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const [status, { name, description }] of Object.entries(REFUSALS)) {
      const response = responses[status];
      if (!response || "$ref" in response || response.description !== description) continue;
      named[name] = { ...response, ...(REFUSAL_HEADERS[status] && { headers: REFUSAL_HEADERS[status] }) };
      responses[status] = { $ref: `#/components/responses/${name}` };
    }
  }
  return named;
}

function describeOperation(operation: DescribedOperation, method: string, path: string): void {
  const known = operationOf(method, path);
  if (known) operation.operationId = known.id;
  // For a bearer token, the list names the roles that it takes (OpenAPI 3.1, Security Requirement Object).
  operation.security = known?.who === "anybody" ? [] : [{ token: scopesFor(known?.who ?? "owner") }];
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    if (Number(status) >= 400 || "$ref" in response) continue;
    leaveRoom(response.content);
    if (known && ANSWER_HEADERS[known.id]) response.headers = ANSWER_HEADERS[known.id]!;
  }
  const body = operation.requestBody;
  if (!body) return;
  body.required = Object.values(body.content).some(({ schema }) => (schema.required ?? []).length > 0);
  const example = known && BODY_EXAMPLES[known.id];
  if (example) for (const content of Object.values(body.content)) content.example = example;
}
