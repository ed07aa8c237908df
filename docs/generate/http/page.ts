/** docs/http.md, from /openapi.json. */
import { block, code, either, page, table } from "../markdown.ts";
import { metricsTable } from "./metrics.ts";
import { responseOf } from "./openapi.ts";
import type { OpenApi, Operation, Parameter, Response, Schema } from "./openapi.ts";
import { fieldsTable, linkTo, optionalText, typeText } from "./schema-text.ts";

/** They follow from who may and whether there is a body, or are everywhere: told once. */
const COMMON_REFUSALS = new Set(["400", "401", "403", "413", "415", "429", "500", "503"]);

/** What means the same in every list, which is what has a cursor, and in every address: told once. */
function isUsual({ name, in: place }: Parameter, all: readonly Parameter[]): boolean {
  return place === "path" ? name === "username" : (name === "limit" || name === "cursor") && all.some((other) => other.name === "cursor");
}

const WHO: Readonly<Record<string, string>> = {
  user: "A signed-in user, about their own VPS.",
  operators: "A token with the scope of a role (`vps:viewer`, `vps:operator`, `vps:releaser`, `vps:owner`; [security.md](security.md#roles) says which one it takes); or the page's session cookie, for a change with the header `X-CSRF-Token`.",
  operation: "Anybody who reaches the port: keep these addresses from the outside.",
};

const CLIENT = `
import { ApiRefusal, createClient, dataOf, eachItem } from "user-vps/client";

const vps = createClient({ url: "https://vps.example.com", token: () => tokenOfTheUser() });
try {
  const { status, url } = await dataOf(vps.GET("/api/vps/status"));
  console.log(status, url);
} catch (error) {
  if (!(error instanceof ApiRefusal)) throw error;
  console.error(error.code, error.message, error.next);
}

// An operator's, over all pages.
for await (const { username } of eachItem((cursor) => dataOf(vps.GET("/api/admin/vps", { params: { query: { limit: 200, ...(cursor && { cursor }) } } })))) console.log(username);
`.trim();

export function httpPage(api: OpenApi, metrics: string): string {
  return page(
    "HTTP",
    "The same as a document for programs: [openapi.json](openapi.json); a running service has it at `/openapi.json`, and readable at `/docs`.",
    "## Signing in",
    "`Authorization: Bearer TOKEN`, a JWT signed with `JWT_SECRET` (HS256) or by a key of `JWT_JWKS_URL`. It needs `sub` (the user's id) and `exp`, and `username` to ask for a VPS: the first part of its host name, in lower case (a-z, 0-9 and `-`); nothing is corrected. `vps_plans`, if it is there, names the plans that the user may have ([money.md](money.md)). An operator's has the scope of a role. `JWT_ISSUER` and `JWT_AUDIENCE` are checked if they are set. `npx user-vps token` signs one for trying.",
    "## Refusals",
    `Every refusal is an ${linkTo("Error")} with a code that stays the same: [errors.md](errors.md). Every answer has the header \`X-Request-Id\`, which finds it in the log.`,
    table(["status", "when", "which endpoints"], [
      ["400", "the request is malformed, or has fields that are not known, in its body or, under `/api/`, in its query", "all"],
      ["401, 403", "there is no valid token; it is not for this: the scope, the plan or what USER_ACTIONS allows", "all that need a token"],
      ["404", "there is no such thing, or it is not the caller's", "those that say so"],
      ["405", "the address is there, but not for this method", "all"],
      ["409", "it does not fit the present state", "those that say so"],
      ["408, 431", "the request has not come to its end within 30 s; its headers are too long", "all"],
      ["413, 415", "the body is too long; it is not JSON", "all with a body"],
      ["422", "a value cannot be used", "those that say so"],
      ["429", "more than `RATE_LIMIT_PER_MINUTE` requests of the user, or of the address of those without a token, or too many open streams; `Retry-After` says how long to wait", "all"],
      ["500, 503", "the service failed; it cannot answer for the moment (`Retry-After`, where it is known for how long)", "all"],
    ]),
    "## Answers",
    "All times are ISO 8601 in UTC, as `2026-11-25T12:00:00.000Z`. A later version may add fields, codes and values: take no notice of those that you do not know.",
    "## Asking again",
    "A request that was taken is done, whether anybody reads its answer or not. There are no idempotency keys: `POST /api/vps/provision` can be repeated at will, before and after it has failed, by several backends at once, and buys nothing again. What an operator asks for and what leaves the status behind that it needs (`retry`, `suspend`, `deprovision`, `recreate`, `replace`, `rename`, `resolve`) is refused the second time, with 409 `STATUS_CONFLICT`: look at the status. A restart, a snapshot or a rotation may be done once more.",
    "## Lists and user names",
    "A list answers with `items` and `nextCursor`. Every list takes two parameters in the query: `limit`, the most items of a page (1 to 200, else 50), and `cursor`, the `nextCursor` of the page before; without `cursor` it begins at the first page. `nextCursor` is `null` on the last one. A cursor that is nothing of this list (any more) is refused with 400: begin again. `{username}` in an address is the user's name, 1 to 63 characters. Neither is repeated below.",
    "## From TypeScript",
    "The package has a typed client, for Node and for browsers (`CORS_ORIGINS`): addresses, parameters, bodies, answers and refusals are those of this page.",
    block(CLIENT, "ts"),
    ...api.tags.flatMap(({ name }) => tagParts(api, name)),
    "## Shapes",
    ...Object.entries(api.components.schemas).map(([name, schema]) => `### ${name}\n\n${shapeText(schema)}`),
    "## Not in openapi.json",
    table(["address", "what"], [
      ["`GET /`, `GET /login`", "the operators' page, and its other pages: [page.md](page.md)"],
      ["`GET /me`, `GET /me/embed.js`", "the user's page, also as a component: [user-page.md](user-page.md)"],
      ["`POST`, `GET`, `DELETE /session`", "its login: an operator's token or a one-time code is exchanged for a cookie"],
      ["`POST`, `GET`, `DELETE /me/session`", "the session of the user's page: the code of a hand-over is exchanged for a cookie ([user-page.md](user-page.md#handing-a-user-over))"],
      ["`GET /metrics`", "metrics for Prometheus: for the machine itself, `METRICS_READERS`, `METRICS_TOKEN` and operators' tokens"],
      ["`GET /docs`, `GET /openapi.json`", "this description"],
    ]),
    "## Metrics",
    "What is about the fleet is read from the database when it is asked for, so every process gives the same numbers: take the maximum, not the sum. While it cannot be read, these are left out. `user_vps_http_seconds` and the metrics of the process itself, `process_…` and `nodejs_…`, are each process's own.",
    metricsTable(metrics),
  );
}

function tagParts(api: OpenApi, tag: string): string[] {
  const { paths, tags } = api;
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ title: `${method.toUpperCase()} ${path}`, operation })));
  const title = tags.find(({ name }) => name === tag)!.description;
  return [`## ${title.replace(/\.$/, "")}`, `Who may: ${WHO[tag] ?? "see openapi.json."}`, ...operations.filter(({ operation }) => operation.tags.includes(tag)).map(({ title: heading, operation }) => operationText(api, heading, operation))];
}

function operationText(api: OpenApi, title: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody } = operation;
  const responses = Object.entries(operation.responses).map(([status, given]) => [status, responseOf(api, given)] as const);
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const answers = responses.filter(([status]) => Number(status) < 400);
  const refusals = responses.filter(([status]) => Number(status) >= 400 && !COMMON_REFUSALS.has(status));
  return [
    `### ${title}`,
    `${summary}.${description ? ` ${description}` : ""}`,
    parametersTable(parameters.filter((one) => !isUsual(one, parameters))),
    ...(body?.properties && Object.keys(body.properties).length > 0 ? [requestBody!.required ? "Body:" : "Body (optional):", fieldsTable(body)] : []),
    ...answers.map(([status, response]) => answerText(status, response)),
    refusals.length > 0 ? `Can refuse with ${either(refusals.map(([status]) => status))}.` : "",
  ].filter((part) => part !== "").join("\n\n");
}

function parametersTable(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return "";
  const pathFirst = parameters.toSorted((a, b) => Number(a.in === "query") - Number(b.in === "query"));
  return table(["parameter", "what", ""], pathFirst.map(({ name, in: place, required, schema, description }) => [
    code(name), `${typeText(schema)}${place === "query" ? `; in the query${required ? "" : `, ${optionalText(schema)}`}` : ""}`, description ?? "",
  ]));
}

function answerText(status: string, { description, content = {}, headers = {} }: Response): string {
  const types = Object.keys(content);
  const told = Object.entries(headers).map(([name, header]) => ` Header ${code(name)}: ${firstLower(header.description)}.`).join("");
  const json = content["application/json"]?.schema;
  if (!json || types.length > 1) return `Answers ${status}${types.length === 0 ? `: ${firstLower(description)}.` : ` (${types.map(code).join(", ")}). ${description}`}${told}`;
  const fields = json.$ref ? "" : fieldsTable(json);
  return `Answers ${status}${json.$ref ? `: ${typeText(json)}` : ""}. ${description}${told}${fields && `\n\n${fields}`}`;
}

function shapeText(schema: Schema): string {
  return fieldsTable(schema) || typeText(schema);
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}
