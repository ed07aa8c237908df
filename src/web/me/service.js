/** The service, as the user who was handed over. */
import { request } from "/assets/request.js";

export class ServiceError extends Error {
  /** @param status of the answer; undefined: there was none */
  constructor(code, message, status) {
    super(message);
    this.code = code;
    /** The same may be answered in a moment. */
    this.isPassing = status === undefined || status >= 500 || status === 429;
  }
}

let session;
/** Disappears from the address at once, and is kept until the service has answered. */
let code = new URLSearchParams(location.hash.slice(1)).get("code");
if (code !== null) history.replaceState(null, "", location.pathname + location.search);
// Opened in a tab that has the page already, a link changes nothing but the fragment.
addEventListener("hashchange", () => { if (new URLSearchParams(location.hash.slice(1)).has("code")) location.reload(); });

/**
 * Exchanges the code of the address, or goes on with the cookie. undefined: nobody is signed in.
 * A code that is not good ends nothing that there is.
 *
 * @throws ServiceError it can be tried again
 */
export async function openSession() {
  if (code !== null) await useCode();
  try {
    return (session ??= await exchange("GET", "/me/session"));
  } catch (error) {
    if (error.code === "UNAUTHENTICATED") return undefined;
    throw error;
  }
}

async function useCode() {
  try {
    session = await exchange("POST", "/me/session", { code });
  } catch (error) {
    if (error.isPassing) throw error;
  }
  code = null;
}

export async function signOut() {
  await call("DELETE", "/me/session");
  session = undefined;
}

export const get = (path) => call("GET", path);
export const send = (method, path, body = {}) => call(method, path, body);

async function call(method, path, body) {
  try {
    return await exchange(method, path, body);
  } catch (error) {
    if (error.code !== "CSRF_TOKEN_WRONG") throw error;
    await renewSession();
    return await exchange(method, path, body);
  }
}

/** The user was handed over in another tab since, and the cookie is of that session. */
async function renewSession() {
  const { userId } = session;
  session = await exchange("GET", "/me/session");
  if (session.userId === userId) return;
  // What was asked for was asked by somebody else. Never returns: the page goes away.
  location.reload();
  await new Promise(() => undefined);
}

async function exchange(method, path, body) {
  const headers = { accept: "application/json", ...(session && method !== "GET" && { "x-csrf-token": session.csrfToken }), ...(body && { "content-type": "application/json" }) };
  let answer;
  try {
    answer = await request(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new ServiceError("NO_ANSWER", "no answer");
  }
  const { status, value } = answer;
  if (status === 204) return undefined;
  if (!answer.ok) throw new ServiceError(value.error?.code ?? String(status), value.error?.message ?? "", status);
  return value;
}
