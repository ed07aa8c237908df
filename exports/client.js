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
  throw new ApiRefusal(error?.error ?? { code: "UNEXPECTED", message: `The service answered ${response.status}.` }, response.status);
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
