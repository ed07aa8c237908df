/** The service's API for other programs, in Node and in browsers; docs/http.md#from-typescript shows it at work. */
import createFetchClient from "openapi-fetch";

export function createClient({ url, token, ...more }) {
  const client = createFetchClient({ baseUrl: url.replace(/\/+$/, ""), ...more });
  client.use({
    async onRequest({ request }) {
      const value = typeof token === "function" ? await token() : token;
      if (value !== undefined) request.headers.set("authorization", `Bearer ${value}`);
      return request;
    },
    // Whatever stands before the service may answer in its place: with the page of a login, for one.
    onResponse({ response, options }) {
      const type = response.headers.get("content-type") ?? "nothing";
      if (options.parseAs === "json" && response.ok && response.status !== 204 && !/^application\/json\b/i.test(type)) throw new ApiRefusal(unexpected(response, ` with ${type}, where JSON was expected`), response.status);
    },
  });
  return client;
}

export class ApiRefusal extends Error {
  name = "ApiRefusal";

  constructor({ code, message, next, requestId, details }, status) {
    super(message);
    Object.assign(this, { code, next, requestId, details, status });
  }
}

export async function dataOf(call) {
  const { data, error, response } = await call;
  if (error === undefined && response.ok) return data;
  const refusal = error?.error;
  throw new ApiRefusal(typeof refusal?.code === "string" ? refusal : unexpected(response), response.status);
}

function unexpected({ status }, how = "") {
  return { code: "UNEXPECTED", message: `The service answered ${status}${how}.` };
}

export async function* eachItem(readPage) {
  // However long a list is, it comes to its end unless a cursor leads back.
  const asked = new Set();
  let cursor;
  do {
    const { items, nextCursor } = await readPage(cursor);
    yield* items;
    asked.add(cursor);
    cursor = nextCursor;
    if (asked.has(cursor)) throw new Error(`The list has no end: its page at the cursor ${cursor} was read already.`);
  } while (cursor !== null);
}
