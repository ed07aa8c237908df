/**
 * A VPS's status as a stream of events, open only while the page is seen: a browser has six connections to a host, so
 * that six tabs which keep one each would leave none to the seventh, nor to what is done in one of them. The first event
 * of a stream is the whole status.
 */

/**
 * @param onStatus gets each status
 * @param onLost told when the connection is lost. The browser connects anew by itself, unless the answer was a refusal
 *   (`isRefused`): then the reason has to be asked for, and the stream opened again.
 * @returns `open` and `close`, which may be called in any order
 */
export function liveStatus(path, { onStatus, onLost }) {
  let isWanted = false;
  let events;

  function follow() {
    if (isWanted && !document.hidden) return void (events ??= connect());
    events?.close();
    events = undefined;
  }

  function connect() {
    const made = new EventSource(path);
    made.addEventListener("status", ({ data }) => onStatus(JSON.parse(data)));
    made.addEventListener("error", () => {
      const isRefused = made.readyState === EventSource.CLOSED;
      if (isRefused) want(false);
      onLost(isRefused);
    });
    return made;
  }

  function want(isSo) {
    isWanted = isSo;
    follow();
  }

  document.addEventListener("visibilitychange", follow);
  return { open: () => want(true), close: () => want(false) };
}
