import { byId } from "./dom.js";

const problem = byId("problem");

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn({ token: byId("token").value.trim() });
});

useLink();
// A link that is opened while this page is shown loads nothing anew.
addEventListener("hashchange", useLink);

const ways = await fetch("/login/ways").then((answer) => answer.json()).catch(() => ({}));
byId("sign-on").hidden = !ways.singleSignOn;
byId("sign-on").querySelector("a").href = `/login/oidc?next=${encodeURIComponent(nextPage())}`;

function useLink() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return;
  // Used once, it is of no use in the browser's history.
  history.replaceState(null, "", location.pathname + location.search);
  void logIn({ code });
}

async function logIn(by) {
  problem.hidden = true;
  const answer = await fetch("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(by),
  }).catch(() => undefined);
  if (answer?.ok) return location.replace(nextPage());
  const { error } = (await answer?.json().catch(() => undefined)) ?? {};
  problem.textContent = error?.message ?? "The service does not answer.";
  problem.hidden = false;
  byId("token").select();
}

/** Where the operator wanted to go, if that is on this site. */
function nextPage() {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  // `/.//elsewhere` becomes `//elsewhere`, which is another site.
  return wanted.origin === location.origin && !wanted.pathname.startsWith("//") ? wanted.pathname + wanted.search + wanted.hash : "/";
}
