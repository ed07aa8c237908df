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

/** Of more, a program would have no use. */
const MOST_PAGES = 500;

export async function* eachItem(readPage) {
  let cursor;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, nextCursor } = await readPage(cursor);
    yield* items;
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
  throw new Error(`The list has more than ${MOST_PAGES} pages.`);
}
