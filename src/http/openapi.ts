import swagger, { type SwaggerTransformObject } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { Catalog } from "../../providers/hostinger/api/live-catalog.ts";
import { namesOf, OFFERED } from "./offers.ts";
import type { OfferedKind, ReadOffers } from "./offers.ts";

/** Has to be registered before the routes that it describes: the document at /openapi.json, readable at /docs. */
export async function describeRoutes(app: FastifyInstance, offers: ReadOffers): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "user-vps", version: "1", description: "A VPS for each signed-up user. Every refusal has the one shape `Error`." },
      tags: [
        { name: "user", description: "For a signed-in user, about their own VPS." },
        { name: "operators", description: "For tokens with the scope `vps:admin`." },
        { name: "operation", description: "For those who run the service." },
      ],
      components: { securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
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

interface Operation {
  tags?: string[];
  security?: Record<string, string[]>[];
  requestBody?: { required: boolean; content: Record<string, { schema: { required?: string[] } }> };
}

/** What the generator does not know: who has to sign in, which bodies may be left out, and that no named schema is of a request. */
const describeRest: SwaggerTransformObject = (document) => {
  const described = jsonSchemaTransformObject(document) as { paths?: Record<string, Record<string, Operation>>; components?: { schemas?: Record<string, unknown> } };
  for (const operation of Object.values(described.paths ?? {}).flatMap((path) => Object.values(path))) {
    if (!operation.tags?.includes("operation")) operation.security = [{ token: [] }];
    const body = operation.requestBody;
    if (body) body.required = Object.values(body.content).some(({ schema }) => (schema.required ?? []).length > 0);
  }
  const schemas = described.components?.schemas ?? {};
  for (const name of Object.keys(schemas)) if (name.endsWith("Input")) delete schemas[name];
  return described;
};
