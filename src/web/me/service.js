/** The service, as the user who was handed over. */

export class ServiceError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

let session;

/**
 * Exchanges the code of the address, which disappears from it at once, or goes on with the cookie.
 * undefined: nobody is signed in. A code that is not good ends nothing that there is.
 */
export async function openSession() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  try {
    if (code !== null) return (session = await call("POST", "/me/session", { code }));
  } catch (error) {
    if (error.code !== "HAND_OVER_USED") throw error;
  }
  try {
    return (session = await call("GET", "/me/session"));
  } catch (error) {
    if (error.code === "UNAUTHENTICATED") return undefined;
    throw error;
  }
}

export async function signOut() {
  await call("DELETE", "/me/session");
  session = undefined;
}

export const get = (path) => call("GET", path);
export const send = (method, path, body = {}) => call(method, path, body);

async function call(method, path, body) {
  const headers = { accept: "application/json", ...(session && method !== "GET" && { "x-csrf-token": session.csrfToken }), ...(body && { "content-type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new ServiceError("NO_ANSWER", "no answer");
  }
  if (answer.status === 204) return undefined;
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ServiceError(value.error?.code ?? String(answer.status), value.error?.message ?? "");
  return value;
}
