/** The page's texts, in the user's language. */
import { request } from "/assets/request.js";

let texts = {};
let language = "en";

const CHOSEN = "user-vps-language";

export async function readWords() {
  const chosen = stored();
  const answer = await request(`/me/texts${chosen ? `?lang=${encodeURIComponent(chosen)}` : ""}`);
  if (!answer.ok) throw new Error(`The service answered ${answer.status}.`);
  const words = answer.value;
  ({ texts, language } = words);
  document.documentElement.lang = language;
  return words;
}

export function chooseLanguage(name) {
  try {
    localStorage.setItem(CHOSEN, name);
  } catch {
    // A browser that keeps nothing shows its own language again next time.
  }
}

function stored() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null;
  }
}

/** `say("place", { position: 2 })`: the text with `{position}` filled in. */
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export const knows = (key) => key in texts;

export function languageName(name) {
  return new Intl.DisplayNames([name], { type: "language" }).of(name);
}

export function moment(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** What is left until then, as roughly as it is known. */
export function timeLeft(iso) {
  if (iso === null) return say("left-unknown");
  const seconds = (Date.parse(iso) - Date.now()) / 1_000;
  if (seconds < -15) return say("left-late");
  if (seconds < 60) return say("left-soon");
  return say("left-minutes", { minutes: Math.ceil(seconds / 60) });
}
