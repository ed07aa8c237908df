/** The service's API, signed in by the session cookie. */

export class ApiError extends Error {
  constructor({ code, message, next }) {
    super(message);
    this.code = code;
    this.next = next;
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
  session = await call("GET", "/session");
  return session;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);

export async function logOut() {
  await call("DELETE", "/session").catch(() => undefined);
  location.assign("/login");
}

async function call(method, path, body) {
  const headers = { accept: "application/json", ...(session && method !== "GET" && { "x-csrf-token": session.csrfToken }), ...(body && { "content-type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    tell(false);
    throw new ApiError({ code: "NO_ANSWER", message: "The service does not answer.", next: method === "GET" ? "It is tried again." : "Try again when it does." });
  }
  tell(answer.status < 500);
  if (answer.status === 401) return leave();
  if (answer.status === 204) return undefined;
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(value.error ?? { code: String(answer.status), message: `The service answered ${answer.status}.` });
  return value;
}

function tell(isThere) {
  for (const listener of listeners) listener(isThere);
}

/** Never returns: the page goes away. */
function leave() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`);
  return new Promise(() => undefined);
}
