/** One request to the service, with an end: where no answer comes, that can be told instead of waited for. */

/** What is read lies in the service's records. */
const READ_MS = 30_000;
/** A worker has a minute to answer what the service asks it, and many users are changed at once: as long as the command line waits. */
const LONGEST_MS = 90_000;

/**
 * @param options of `fetch`; `byWorker`: the service has to ask a worker
 * @returns `value` is the answer's JSON, `{}` if it is none
 * @throws no answer came, or not the whole of it
 */
export async function request(path, { byWorker = false, ...options } = {}) {
  const isRead = (options.method ?? "GET") === "GET";
  const answer = await fetch(path, { ...options, signal: AbortSignal.timeout(isRead && !byWorker ? READ_MS : LONGEST_MS) });
  const { status, ok, headers } = answer;
  return { status, ok, headers, value: parsed(await answer.text()) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
