/** Reads OTLP over HTTP, in JSON as it is or protobuf as the engine sends it, and prints the spans; of protobuf, the texts alone. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

interface Span { readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly kind: number; readonly attributes: readonly unknown[] }
interface Export { readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[] }

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
    const received = Buffer.concat(chunks);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(received) : received;
    if (request.url === "/v1/traces" && request.headers["content-type"]?.startsWith("application/json")) {
      for (const { scopeSpans } of (JSON.parse(body.toString()) as Export).resourceSpans) for (const { spans } of scopeSpans) for (const span of spans) console.log(JSON.stringify(span));
    } else {
      console.log(JSON.stringify({ engine: body.toString("latin1"), url: request.url, type: request.headers["content-type"] }));
    }
    response.writeHead(200, { "content-type": request.headers["content-type"] ?? "application/json" }).end(request.headers["content-type"]?.startsWith("application/json") ? "{}" : "");
  });
});
server.listen(Number(process.env["PORT"]), "127.0.0.1", () => console.error(`listening on ${(server.address() as AddressInfo).port}`));
