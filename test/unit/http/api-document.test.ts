/** The API's description, as it is without a running service. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, describe, it } from "vitest";
import { OPERATOR_ROLES, SCOPE_OF_ROLE } from "../../../src/config/operator-roles.ts";
import { apiDocument } from "../../../src/http/api-document.ts";
import { OPERATIONS } from "../../../src/http/operations.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);

interface Schema {
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: { readonly default?: unknown } }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>> }>>;
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly responses: Readonly<Record<string, { readonly headers?: object }>> };
}

const document = await apiDocument() as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })));

describe("the table of operations", () => {
  it("has every operation that there is, and no other", () => {
    assert.ok(operations.length > 40);
    assert.deepEqual(operations.map(({ name }) => name).toSorted(), Object.keys(OPERATIONS).toSorted());
  });

  it("has a name of its own for each", () => {
    const ids = Object.values(OPERATIONS).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z][A-Za-z]+$/);
  });

  it("lets nobody who has no role do what is under /api/admin, and viewers only look", () => {
    for (const [name, { who }] of Object.entries(OPERATIONS)) {
      assert.equal(name.includes(" /api/admin/"), OPERATOR_ROLES.some((role) => role === who), name);
      if (who === "viewer" && !name.endsWith("/login-links")) assert.match(name, /^GET /);
    }
  });
});

describe("the description", () => {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-openapi-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is found faultless by redocly lint", async () => {
    const file = join(folder, "openapi.json");
    writeFileSync(file, JSON.stringify(document));
    const { stdout, stderr } = await run(join(CHECKOUT, "node_modules", ".bin", "redocly"), ["lint", "--config", join(CHECKOUT, "redocly.yaml"), file], {
      cwd: folder, env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", PATH: `${join(CHECKOUT, "node_modules", ".bin")}:${process.env["PATH"]}` },
    }).catch((error: unknown) => error as { stdout: string; stderr: string });
    assert.match(stdout + stderr, /Your API description is valid/);
    assert.doesNotMatch(stdout + stderr, /warning/i);
  });

  it("says of each operation its name and who may", () => {
    assert.equal(document.servers.length, 1);
    for (const { name, operation } of operations) {
      const { id, who } = OPERATIONS[name]!;
      assert.equal(operation.operationId, id);
      assert.deepEqual(operation.security, who === "anybody" ? [] : [{ token: who === "user" ? [] : [SCOPE_OF_ROLE[who]] }], name);
    }
  });

  it("has an example of every shape and of every body that is required, each as its schema says", () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    (addFormats as unknown as (of: Ajv2020) => void)(ajv);
    // Clients are to let further fields pass; of an example, each is to be there.
    ajv.addSchema(JSON.parse(JSON.stringify(document), (_, value: { type?: unknown; properties?: unknown } | null) => (value?.type === "object" && value.properties ? { additionalProperties: false, ...value } : value)) as Document, "api");
    const faultOf = (pointer: string, value: unknown) => {
      const validate = ajv.compile({ $ref: `api#${pointer}` });
      return validate(value) ? undefined : ajv.errorsText(validate.errors);
    };
    for (const [name, { examples }] of Object.entries(document.components.schemas)) {
      assert.equal(examples?.length, 1, `${name} has no example`);
      assert.equal(faultOf(`/components/schemas/${name}`, examples[0]), undefined, name);
    }
    for (const { name, operation } of operations) {
      if (!operation.requestBody) continue;
      const [[type, { example }]] = Object.entries(operation.requestBody.content) as [[string, { example?: unknown }]];
      if (operation.requestBody.required) assert.ok(example, `${name} has no example of its body`);
      const [method = "", path = ""] = name.split(" ");
      const pointer = ["paths", path, method.toLowerCase(), "requestBody", "content", type, "schema"].map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
      if (example) assert.equal(faultOf(`/${pointer}`, example), undefined, name);
    }
  });

  it("has every list paged in one way", () => {
    const lists = operations.filter(({ operation }) => {
      const shape = operation.responses["200"]?.content?.["application/json"]?.schema.$ref?.split("/").at(-1);
      return shape !== undefined && "items" in (document.components.schemas[shape]?.properties ?? {});
    });
    assert.ok(lists.length >= 10);
    for (const { name, operation } of lists) {
      const query = (operation.parameters ?? []).filter((parameter) => parameter.in === "query").map((parameter) => parameter.name);
      assert.ok(query.includes("limit") && query.includes("cursor"), name);
      const shape = operation.responses["200"]!.content!["application/json"]!.schema.$ref!.split("/").at(-1)!;
      assert.ok("nextCursor" in document.components.schemas[shape]!.properties!, name);
    }
  });

  it("leaves room in answers for the fields of later versions, and none in bodies", () => {
    const closed = (part: unknown) => JSON.stringify(part).includes('"additionalProperties":false');
    assert.equal(closed(document.components), false);
    for (const { name, operation } of operations) {
      assert.equal(closed(operation.responses), false, name);
      if (operation.requestBody) assert.equal(closed(operation.requestBody), true, name);
    }
  });

  it("says which headers tell a client something", () => {
    const headersOf = (path: string, method: string, status: string) => {
      const { $ref, headers } = (document.paths[path]![method]!.responses[status] ?? {}) as { $ref?: string; headers?: object };
      return Object.keys(headers ?? ($ref && document.components.responses[$ref.split("/").at(-1)!]?.headers) ?? {});
    };
    const told = (["202", "401", "404", "429", "503"] as const).map((status) => headersOf("/api/vps/provision", "post", status));
    assert.deepEqual(told, [["Location"], ["WWW-Authenticate"], [], ["Retry-After"], ["Retry-After"]]);
    assert.deepEqual(headersOf("/api/admin/roll-outs", "post", "202"), ["Location"]);
    assert.deepEqual(headersOf("/api/admin/export/users", "get", "200"), ["Content-Disposition"]);
  });

  it("says what is taken where a parameter is left out", () => {
    const defaults = (path: string) => Object.fromEntries((document.paths[path]!["get"]!.parameters ?? []).flatMap(({ name, schema }) => (schema?.default === undefined ? [] : [[name, schema.default]])));
    assert.deepEqual(defaults("/api/admin/vps"), { sort: "name", order: "asc", limit: 50, page: 1 });
    assert.deepEqual(defaults("/api/admin/runs/{runId}/log"), { afterSeq: 0, limit: 500 });
    for (const { name, operation } of operations) {
      const query = operation.parameters ?? [];
      if (query.some((one) => one.name === "cursor")) assert.equal(query.find((one) => one.name === "limit")?.schema?.default, 50, name);
    }
  });
});
