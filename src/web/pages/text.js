/** Values as people read them. */
import { h } from "./dom.js";

const LOOKS = { ready: "good", succeeded: "good", failed: "bad", lost: "bad", stopped: "bad", suspended: "bad", queued: "busy", provisioning: "busy", deprovisioning: "busy", running: "busy" };

/** @param findings how many things are not as declared: whoever is ready and has some is not well */
export function status(name, text = name, findings = 0) {
  const look = findings > 0 && name === "ready" ? "warn" : (LOOKS[name] ?? "");
  return h("span", { class: `status ${look}` }, text, findings > 0 && h("span", { class: "badge" }, `${findings} ${findings === 1 ? "finding" : "findings"}`));
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 3_600) return `${Math.floor(value / 3_600)} h ${Math.floor((value % 3_600) / 60)} min`;
  if (value >= 60) return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}

/** As short as may be, for where there is little room: `73 s`, `12 min`. */
export function shortSeconds(value) {
  if (value === null || value === undefined || value < 10) return seconds(value);
  if (value < 600) return `${Math.round(value)} s`;
  return value < 36_000 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3_600)} h`;
}

/** What is going on, in words; points of time in it in the reader's time zone. */
export function doing({ status: name, phase, waitingFor, waiting }) {
  const place = waiting?.place ? `place ${waiting.place}` : null;
  const told = [["done", name].includes(phase) ? null : phase, place, waitingFor].filter(Boolean).join(": ");
  const parts = waiting?.usualSeconds ? `${told} (usually ${shortSeconds(waiting.usualSeconds)}, since ${waiting.since})` : told;
  return parts.split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/).map((part, place) => (place % 2 === 1 ? time(part) : part));
}

export function money(cents, currency = "USD") {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(cents / 100);
}

const two = (number) => String(number).padStart(2, "0");

/** `GMT+1` or the like. */
export function zone(date = new Date()) {
  return new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(date).find(({ type }) => type === "timeZoneName").value;
}

/** `09:15:07` */
export function clock(at) {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}

/** `2026-11-23 09:15`, in the reader's time zone, which the title names. */
export function time(iso) {
  if (!iso) return "–";
  const date = new Date(iso);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return h("time", { datetime: iso, title: `${day} ${clock(date)} ${zone(date)}` }, `${day} ${two(date.getHours())}:${two(date.getMinutes())}`);
}

/** `2026-11-23 09:15 GMT+1, 3 min ago`; goes on by itself. */
export function when(iso) {
  if (!iso) return "–";
  return h("span", { class: "when" }, time(iso), ` ${zone(new Date(iso))}, `, ago(iso));
}

/** `3 min ago`, `in 2 days`; goes on by itself. */
export function ago(iso) {
  if (!iso) return "–";
  const element = time(iso);
  element.dataset.ago = iso;
  element.textContent = agoText(iso);
  return element;
}

const STEPS = [["s", 60], ["min", 60], ["h", 24], ["days", Number.POSITIVE_INFINITY]];

function agoText(iso) {
  const seconds = (Date.now() - Date.parse(iso)) / 1_000;
  let value = Math.abs(seconds);
  for (const [unit, next] of STEPS) {
    if (value < next) {
      const text = `${Math.floor(value)} ${unit}`.replace(/^1 days$/, "1 day");
      return seconds < 0 ? `in ${text}` : `${text} ago`;
    }
    value /= next;
  }
}

const AGO_MS = 5_000;
setInterval(() => {
  for (const element of document.querySelectorAll("[data-ago]")) element.textContent = agoText(element.dataset.ago);
}, AGO_MS);

/** `hostingercom-vps-kvm1-usd-1m` -> `KVM 1`. */
export function plan(item) {
  const [, number] = /kvm(\d+)/.exec(item) ?? [];
  return number ? `KVM ${number}` : item;
}

/** A value with a button that copies it. */
export function copyable(value) {
  if (!value) return "–";
  const text = String(value);
  return h("span", { class: "copyable" }, h("span", { class: "mono" }, text), h("button", { type: "button", class: "copy", "aria-label": `Copy ${text}`, onclick: (event) => void copy(event.currentTarget, text) }, "Copy"));
}

const COPIED_MS = 1_500;

export async function copy(button, text) {
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => { button.textContent = name; }, COPIED_MS);
}
