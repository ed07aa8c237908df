import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Page } from "../../db/page.ts";
import { listFindings } from "../../drift/findings.ts";
import { FINDING_KIND_NAMES } from "../../drift/kinds.ts";
import { findVpsByUsername, listOperatorActions, listVps } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { csvLine } from "../csv.ts";
import { goneOnFrom } from "../paging.ts";
import { AUDIT_FILTER } from "./audit.ts";
import { listedVpsView, VPS_FILTER } from "./admin-vps.ts";

/** Read and sent at a time: a fleet never lies in memory. */
const PART = 1_000;

const FORMAT = { format: z.enum(["csv", "json"]).default("csv") };
const USERS = z.strictObject({ ...FORMAT, ...VPS_FILTER });
const FINDINGS = z.strictObject({ ...FORMAT, kind: z.enum(FINDING_KIND_NAMES).optional(), open: z.enum(["true", "false"]).default("true") });
const AUDIT = z.strictObject({ ...FORMAT, ...AUDIT_FILTER });

type Row = Readonly<Record<string, unknown>>;

const schema = (summary: string, querystring: z.ZodType) => ({
  tags: ["operators"], summary, querystring,
  description: "As a file: CSV for spreadsheets, or one JSON array. In CSV, a text that a spreadsheet would take for a formula has an apostrophe before it.",
  response: { 200: { description: "The file.", content: { "text/csv": { schema: z.string() }, "application/json": { schema: z.array(z.record(z.string(), z.unknown())) } } }, ...refusals(401, 403) },
});

/** GET /api/admin/export/users, findings and audit: all that fit, not only a page. */
export const webExportRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/export/users", { exposeHeadRoute: false, schema: schema("All users that fit", USERS) }, async (request, reply) => {
    const { format, ...filter } = request.query as z.output<typeof USERS>;
    return send(reply, "users", format, pages(async (cursor: string | undefined) => {
      const { items, nextCursor } = await goneOnFrom(cursor, await listVps(pool, { ...filter, limit: PART, cursor }), (name) => findVpsByUsername(pool, name));
      return { items: items.map((record) => userRow(listedVpsView(record))), nextCursor };
    }));
  });

  app.get("/export/findings", { exposeHeadRoute: false, schema: schema("All findings that fit", FINDINGS) }, async (request, reply) => {
    const { format, open, kind } = request.query as z.output<typeof FINDINGS>;
    return send(reply, "findings", format, pages(async (cursor: number | undefined) => {
      const { items, nextCursor } = await listFindings(pool, { open: open === "true", kind, limit: PART, cursor });
      return { items: items.map(({ findingId, kind: of, subject, username, declared, actual, firstSeen, lastSeen, resolvedAt }) => ({ findingId, kind: of, subject, username, declared, actual, firstSeen, lastSeen, resolvedAt })), nextCursor };
    }));
  });

  app.get("/export/audit", { exposeHeadRoute: false, schema: schema("All that operators and users have asked for", AUDIT) }, async (request, reply) => {
    const { format, ...filter } = request.query as z.output<typeof AUDIT>;
    return send(reply, "audit", format, pages(async (cursor: number | undefined) => {
      const { items, nextCursor } = await listOperatorActions(pool, { ...filter, limit: PART, cursor });
      return { items: items.map((action): Row => ({ ...action })), nextCursor };
    }));
  });
};

function userRow({ dataCenter, failure, waiting: _, ...vps }: ReturnType<typeof listedVpsView>): Row {
  return { ...vps, dataCenter: dataCenter.city ?? dataCenter.id, failureCode: failure?.code ?? null, failure: failure?.reason ?? null };
}

async function* pages<Cursor>(read: (cursor: Cursor | undefined) => Promise<Page<Row, Cursor>>): AsyncGenerator<readonly Row[]> {
  let cursor: Cursor | undefined;
  do {
    const page = await read(cursor);
    yield page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

function send(reply: FastifyReply, name: string, format: "csv" | "json", all: AsyncIterable<readonly Row[]>): FastifyReply {
  const day = new Date().toISOString().slice(0, 10);
  reply.header("content-disposition", `attachment; filename="user-vps-${name}-${day}.${format}"`).type(format === "csv" ? "text/csv; charset=utf-8" : "application/json; charset=utf-8");
  return reply.send(Readable.from(format === "csv" ? asCsv(all) : asJson(all)));
}

async function* asCsv(all: AsyncIterable<readonly Row[]>): AsyncGenerator<string> {
  let hasHead = false;
  for await (const rows of all) {
    const [first] = rows;
    if (first && !hasHead) yield csvLine(Object.keys(first));
    hasHead ||= first !== undefined;
    yield rows.map((row) => csvLine(Object.values(row).map((value) => (value instanceof Date ? value.toISOString() : value)))).join("");
  }
}

async function* asJson(all: AsyncIterable<readonly Row[]>): AsyncGenerator<string> {
  let count = 0;
  yield "[";
  for await (const rows of all) for (const row of rows) yield `${count++ === 0 ? "" : ",\n"}${JSON.stringify(row)}`;
  yield "]\n";
}
