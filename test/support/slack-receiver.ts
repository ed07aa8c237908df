/** What Slack does with an incoming webhook: takes JSON with a text, answers `ok` or what is wrong. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => { body += text; }).on("end", () => {
    const answer = (status: number, text: string) => response.writeHead(status, { "content-type": "text/plain" }).end(text);
    if (request.url !== "/services/T0/B0/fake-slack-token") return answer(404, "no_service");
    try {
      const { text } = JSON.parse(body) as { text?: unknown };
      if (request.headers["content-type"] !== "application/json" || typeof text !== "string" || text === "") return answer(400, "no_text");
      console.log(JSON.stringify({ text }));
      return answer(200, "ok");
    } catch {
      return answer(400, "invalid_payload");
    }
  });
});
server.listen(Number(process.env["PORT"]), "127.0.0.1", () => console.error(`listening on ${(server.address() as AddressInfo).port}`));
