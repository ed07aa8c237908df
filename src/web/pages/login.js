import { byId } from "./dom.js";

const problem = byId("problem");

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const answer = await fetch("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: byId("token").value.trim() }),
  }).catch(() => undefined);
  if (answer?.ok) return location.replace(nextPage());
  const { error } = (await answer?.json().catch(() => undefined)) ?? {};
  problem.textContent = error?.message ?? "The service does not answer.";
  problem.hidden = false;
  byId("token").select();
});

/** Where the operator wanted to go, if that is on this site. */
function nextPage() {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return wanted.origin === location.origin ? wanted.pathname + wanted.search : "/";
}
