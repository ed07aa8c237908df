/** Values as people read them. */
import { h } from "./dom.js";

export const STATUSES = ["queued", "provisioning", "ready", "failed", "suspended", "deprovisioning", "deprovisioned"];
const LOOKS = { ready: "good", succeeded: "good", failed: "bad", lost: "bad", stopped: "bad", suspended: "bad", queued: "busy", provisioning: "busy", deprovisioning: "busy", running: "busy" };

export function status(name, text = name) {
  return h("span", { class: `status ${LOOKS[name] ?? ""}` }, text);
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

/** `2026-11-23 09:15`, in the reader's time zone. */
export function time(iso) {
  if (!iso) return "–";
  const date = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  const text = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
  return h("time", { datetime: iso }, text);
}

/** `hostingercom-vps-kvm1-usd-1m` -> `KVM 1`. */
export function plan(item) {
  const [, number] = /kvm(\d+)/.exec(item) ?? [];
  return number ? `KVM ${number}` : item;
}
