import { byId } from "./dom.js";
import { request } from "./request.js";

const problem = byId("problem");

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn({ token: byId("token").value.trim() });
});

if (!useLink()) void useSession();
// A link that is opened while this page is shown loads nothing anew.
addEventListener("hashchange", useLink);

const { value: ways } = await request("/login/ways").catch(() => ({ value: {} }));
byId("sign-on").hidden = !ways.singleSignOn;
byId("sign-on").querySelector("a").href = `/login/oidc?next=${encodeURIComponent(nextPage())}`;

/** Who is logged in may be here all the same: the session's cookie does not come along by a link of another site. */
async function useSession() {
  const answer = await request("/session").catch(() => undefined);
  if (answer?.ok) location.replace(nextPage());
}

/** @returns whether there is one */
function useLink() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return false;
  // Used once, it is of no use in the browser's history.
  history.replaceState(null, "", location.pathname + location.search);
  void logIn({ code });
  return true;
}

async function logIn(by) {
  problem.hidden = true;
  const answer = await request("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(by),
  }).catch(() => undefined);
  if (answer?.ok) return location.replace(nextPage());
  problem.textContent = answer?.value.error?.message ?? "The service does not answer.";
  problem.hidden = false;
  byId("token").select();
}

/** Where the operator wanted to go, if that is on this site. What stood behind the `#` comes along when a browser is sent here. */
function nextPage() {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  // `/.//elsewhere` becomes `//elsewhere`, which is another site.
  const isHere = wanted.origin === location.origin && !wanted.pathname.startsWith("//");
  return isHere ? wanted.pathname + wanted.search + (wanted.hash || location.hash) : "/";
}
