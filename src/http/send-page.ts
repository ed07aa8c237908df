/** Pages and their files, as they are sent to browsers. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { readPageFiles, USER_PAGE_FOLDER, type PageFile } from "../web/page-files.ts";
import { PAGE_HEADERS } from "../web/page-headers.ts";

/** Asked for anew each time, and not sent again while it is the same: a new release is seen at once. */
export function send(request: FastifyRequest, reply: FastifyReply, { type, content, etag }: PageFile): FastifyReply {
  reply.headers({ etag, "cache-control": "no-cache" });
  if (isHad(request.headers["if-none-match"], etag)) return reply.code(304).send();
  return reply.type(type).send(content);
}

/** Proxies that compress make an etag a weak one (`W/"…"`), and a cache may have several versions. */
function isHad(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(",").some((one) => one.trim().replace(/^W\//, "") === etag) ?? false;
}

/** For an address that names the very content. */
export function sendForever(reply: FastifyReply, { type, content }: PageFile): FastifyReply {
  return reply.type(type).header("cache-control", "public, max-age=31536000, immutable").send(content);
}

export function sendNotFound(reply: FastifyReply, { type, content }: PageFile): FastifyReply {
  return reply.code(404).type(type).header("cache-control", "no-store").send(content);
}

export interface PageNotFound {
  readonly fits: (request: FastifyRequest) => boolean;
  readonly send: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

/** For a browser that wants a page where there is none; programs get the one shape of refusals. */
export function pageNotFound(): PageNotFound {
  const ofOperators = readPageFiles().get("not-found.html")!;
  const ofUsers = readPageFiles(USER_PAGE_FOLDER).get("not-found.html")!;
  return {
    fits: ({ method, headers, url }) => ["GET", "HEAD"].includes(method) && (headers.accept ?? "").includes("text/html") && !url.startsWith("/api/"),
    send: ({ url }, reply) => sendNotFound(reply.headers(PAGE_HEADERS), url.startsWith("/me/") ? ofUsers : ofOperators),
  };
}
