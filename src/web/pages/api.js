/** The service's API, signed in by the session cookie. */
import { request } from "./request.js";

export class ApiError extends Error {
  /** @param status of the answer; undefined: there was none @param retryAfterMs how long the service wants to be left alone */
  constructor({ code, message, next }, status, retryAfterMs = 0) {
    super(message);
    this.code = code;
    this.next = next;
    this.retryAfterMs = retryAfterMs;
    /** The same may be answered in a moment. */
    this.isPassing = status === undefined || status >= 500 || status === 429;
  }
}

let session;
const listeners = [];

/** @param listener told after each call whether the service has answered: old data is to look old */
export function onContact(listener) {
  listeners.push(listener);
}

/** Who is logged in; goes to the login if nobody is. */
export async function openSession() {
  session = await send("GET", "/session");
  return session;
}

/** @param options `byWorker`: the service has to ask a worker, which takes longer */
export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}) => call("POST", path, body);

/** @throws ApiError the operator may still be logged in */
export async function logOut() {
  await call("DELETE", "/session");
  location.assign("/login");
}

async function call(method, path, body, options) {
  try {
    return await send(method, path, body, options);
  } catch (error) {
    if (error.code !== "CSRF_TOKEN_WRONG") throw error;
    await renewSession();
    return await send(method, path, body, options);
  }
}

/** Another tab has logged in since, and the cookie is of that session. */
async function renewSession() {
  const before = session;
  const { operator } = await openSession();
  // What was asked for was asked by somebody else.
  if (before && operator !== before.operator) return goTo(() => location.reload());
}

async function send(method, path, body, options) {
  const headers = { accept: "application/json", ...(session && method !== "GET" && { "x-csrf-token": session.csrfToken }), ...(body && { "content-type": "application/json" }) };
  let answer;
  try {
    answer = await request(path, { ...options, method, headers, body: body && JSON.stringify(body) });
  } catch {
    tell(false);
    throw new ApiError({ code: "NO_ANSWER", message: "The service does not answer.", next: method === "GET" ? "It is tried again." : "Try again when it does." });
  }
  const { status, ok, value } = answer;
  tell(status < 500);
  if (status === 401) return goTo(() => location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`));
  if (status === 204) return undefined;
  if (!ok) throw new ApiError(value.error ?? { code: String(status), message: `The service answered ${status}.` }, status, 1_000 * (Number(answer.headers.get("retry-after")) || 0));
  return value;
}

function tell(isThere) {
  for (const listener of listeners) listener(isThere);
}

/** Never returns: the page goes away. */
function goTo(leave) {
  leave();
  return new Promise(() => undefined);
}
