/** Reveal, then 'I have them': until then the same can be shown again, so that a lost answer loses nothing. */
import { h, whileDisabled } from "/assets/dom.js";
import { copyable } from "./lines.js";
import { get, send } from "./service.js";
import { moment, say } from "./words.js";

let revealed;

/** @returns what is shown in place of it; `again` shows it anew */
export function credentials(vps, facts, { again, tell, ask }) {
  if (revealed) return shown(revealed, { again, tell });
  if (vps.status !== "ready") return [];
  if (vps.credentials === "available" || facts.credentialsShownAgainUntil !== null) {
    const until = facts.credentialsShownAgainUntil;
    return [
      h("p", {}, until === null ? say("credentials-wait") : say("credentials-again", { until: moment(until) })),
      h("button", { type: "button", class: "primary", "data-key": "reveal", onclick: ({ currentTarget }) => void whileDisabled(currentTarget, () => reveal({ again, tell })) }, until === null ? say("reveal") : say("reveal-again")),
    ];
  }
  if (vps.credentials !== "shown") return [];
  const canRotate = facts.allowed.includes("rotate-credentials");
  return [
    h("p", { class: "quiet" }, say("credentials-gone"), " ", say(canRotate ? "lost-can" : "lost-cannot")),
    canRotate && h("button", { type: "button", "data-key": "rotate", onclick: () => ask("rotate-credentials") }, say("lost")),
  ];
}

async function reveal({ again, tell }) {
  try {
    revealed = await send("POST", "/api/vps/credentials");
    again("keep");
  } catch (error) {
    tell(error);
    again();
  }
}

function shown(values, { again, tell }) {
  const { username, hostname, password, jwtSecret, madeAt } = values;
  const file = () => [`${say("host")}: ${hostname}`, `${say("login")}: ${username}`, `${say("password")}: ${password}`, `${say("secret")}: ${jwtSecret}`, ""].join("\n");
  const have = async () => {
    try {
      await send("POST", "/api/vps/credentials/acknowledge", madeAt === null ? {} : { madeAt });
    } catch (error) {
      // There are new ones: those that are shown here are good for nothing any more.
      if (!["CREDENTIALS_NOT_READY", "CREDENTIALS_REPLACED"].includes(error.code)) return tell(error);
    }
    forget();
    again();
  };
  return h("div", { class: "secret", id: "secret" },
    h("p", {}, h("strong", {}, say("keep-title")), " ", say("keep")),
    h("dl", { class: "lines" }, copyable(say("login"), username, tell), copyable(say("password"), password, tell), copyable(say("secret"), jwtSecret, tell)),
    h("div", { class: "actions" },
      h("button", { type: "button", "data-key": "download", onclick: () => download(`${hostname}.txt`, file()) }, say("download")),
      h("button", { type: "button", class: "primary", "data-key": "keep", onclick: ({ currentTarget }) => void whileDisabled(currentTarget, have) }, say("have"))));
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

export const readFacts = () => get("/api/vps/self-service");
/** Of a session that is over, and of credentials that were made anew, nothing stays on the page. */
export const forget = () => { revealed = undefined; };
/** Others that were made since are not those that are shown here, whether anybody has seen them or not. */
export const forgetOthers = ({ credentialsMadeAt }) => { if (revealed && revealed.madeAt !== credentialsMadeAt) forget(); };
