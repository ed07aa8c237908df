/** Every refusal leaves in the one shape, wherever it comes from: a route, the router, the parser, or HTTP itself. */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { SECOND_MS } from "../../providers/core/time.ts";
import { answerOf, type ErrorAnswer } from "./error-answer.ts";
import { HTTP_ERRORS, HttpError, type HttpErrorCode } from "./http-error.ts";
import { pageNotFound } from "./send-page.ts";

export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(sendError);
  const page = pageNotFound();
  app.setNotFoundHandler((request, reply) => (page.fits(request) ? page.send(request, reply) : sendError(new HttpError("ROUTE_NOT_FOUND", `There is no ${request.method} ${pathOf(request)}.`), request, reply)));
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = answerOf(error, request.id);
  if (answer.status >= 500) request.log.error({ err: error }, "request failed");
  else request.log.info({ code: answer.body.error.code }, answer.body.error.message);
  // As text, so that no route's own schema stands between a failure and its answer.
  return reply.code(answer.status).headers({ ...answer.headers, "x-request-id": request.id }).type("application/json; charset=utf-8").serializer((body: string) => body).send(JSON.stringify(answer.body));
}

const PARSER_ERRORS: Readonly<Record<string, HttpErrorCode>> = { HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE", ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT" };

/** How long a client may take to read why it was refused. */
const LINGER_MS = 1 * SECOND_MS;

/** What is not even HTTP gets its answer written by hand: there is no request to reply to. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, log: Pick<FastifyBaseLogger, "info">): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const code = PARSER_ERRORS[error.code ?? ""] ?? "REQUEST_INVALID";
  const requestId = randomUUID();
  const answer = answerOf(new HttpError(code, "The request is not HTTP as it is understood here."), requestId);
  log.info({ reqId: requestId, code, reason: error.code }, answer.body.error.message);
  socket.end(asText(answer));
  // The other side may never close its half, and holds a descriptor of ours until it does. Closed at
  // once, the answer could be lost to a client that is still sending.
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function asText({ body }: ErrorAnswer): string {
  const status = HTTP_ERRORS[body.error.code as HttpErrorCode].status;
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status} ${body.error.code}\r\nContent-Type: application/json; charset=utf-8\r\nX-Request-Id: ${body.error.requestId}\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
}

/** Without the query, which may hold anything. */
function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0]!;
}
