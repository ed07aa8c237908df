/** docs/http.md, for whoever writes a client. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { httpPage } from "../../../docs/generate/http/page.ts";
import type { OpenApi } from "../../../docs/generate/http/openapi.ts";
import { apiDocument } from "../../../src/http/api-document.ts";

const page = httpPage(await apiDocument() as OpenApi, "");
const partOf = (title: string) => page.split(`### ${title}\n`)[1]!.split("\n### ")[0]!;

describe("the page of the API", () => {
  it("says what is taken where a parameter or a field is left out", () => {
    assert.match(partOf("GET /api/admin/vps"), /\| `sort` \|.*optional, else `name` \|/);
    assert.match(partOf("POST /api/admin/vps/{username}/deprovision"), /\| `wipe` \|.*optional, else `true` \|/);
    assert.doesNotMatch(partOf("POST /api/admin/pools"), /else ``/);
  });

  it("tells once what means the same in every list, and only of lists", () => {
    assert.doesNotMatch(partOf("GET /api/admin/vps"), /\| `limit` \|/);
    assert.match(partOf("GET /api/admin/roll-outs/{rollOutId}"), /\| `limit` \| whole number from 1 to 1000;/);
    assert.match(partOf("GET /api/admin/runs/{runId}/log"), /\| `limit` \|.*else `500` \|/);
  });

  it("names every form that an answer has, and the headers that tell something", () => {
    assert.match(partOf("GET /api/admin/export/users"), /Answers 200 \(`text\/csv`, `application\/json`\)\..*`Content-Disposition`/);
    assert.match(partOf("POST /api/vps/provision"), /Answers 202: \[Vps\]\(#vps\)\..*`Location`/);
  });
});
