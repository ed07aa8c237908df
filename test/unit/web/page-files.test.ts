import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { PAGE_HEADERS } from "../../../src/web/page-headers.ts";
import { readPageFiles } from "../../../src/web/page-files.ts";

const files = readPageFiles();
const text = (name: string) => files.get(name)!.content.toString();
const names = (ending: string) => [...files.keys()].filter((name) => name.endsWith(ending));

describe("the page's files", () => {
  it("hold nothing inline, which the content security policy would stop", () => {
    for (const name of names(".html")) {
      assert.doesNotMatch(text(name), /<style|\sstyle=|\son\w+=|javascript:/i, name);
      for (const [, attributes, body] of text(name).matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
        assert.match(attributes!, /src="\/assets\//, name);
        assert.equal(body, "", name);
      }
    }
    for (const name of names(".js")) assert.doesNotMatch(text(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, name);
  });

  it("name only files that are there, and every file is named", () => {
    const named = [...files.values()].filter(({ type }) => !type.startsWith("image")).flatMap(({ content, name }) => {
      const found = [...content.toString().matchAll(/"(?:\/assets\/(?:[0-9a-f]{12}\/)?|\.\/)([\w-]+\.(?:js|css|svg))"/g)].map(([, file]) => file!);
      for (const file of found) assert.ok(files.has(file), `${name} names ${file}`);
      return found;
    });
    for (const name of files.keys()) assert.ok(name.endsWith(".html") || named.includes(name), `${name} is not used`);
  });

  it("are small", () => {
    const bytes = [...files.values()].reduce((sum, { content }) => sum + content.length, 0);
    assert.ok(bytes < 200 * 1_024, `${bytes} bytes`);
  });
});

describe("the page's headers", () => {
  it("let in nothing but the service's own files", () => {
    const policy = PAGE_HEADERS["content-security-policy"];
    assert.match(policy, /^default-src 'none';/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:|blob:/);
    for (const directive of ["base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'", "require-trusted-types-for 'script'"]) assert.ok(policy.includes(directive), directive);
  });
});
