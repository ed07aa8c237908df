/** What is shown, as the page's address has it: filters, sorting and place can be kept, sent and gone back to. */
import { h } from "./dom.js";

const listeners = [];

export const wanted = () => new URLSearchParams(location.search);

/** The address with these changes; null or "" takes one out. */
export function addressWith(changes) {
  const query = wanted();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  return query.size > 0 ? `${location.pathname}?${query}` : location.pathname;
}

/** @param listener called after each change, also by the browser's back and forward */
export function onAddress(listener) {
  listeners.push(listener);
}

export function go(changes, { replacing = false } = {}) {
  const address = addressWith(changes);
  if (replacing) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}

addEventListener("popstate", tell);

// A link to the same page shows something else of it, without loading it anew.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-here]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  tell();
});

const TYPING_MS = 250;

/** A select says what it is told, also while nobody has told yet which values there are. */
export function setField(field, value) {
  const lacksIt = field instanceof HTMLSelectElement && [...field.options].every((option) => option.value !== value);
  if (lacksIt) field.append(h("option", { value, "data-found": "" }, value));
  field.value = value;
}

/** The form's fields say what the address says, and the other way round. A change leads to the first page. */
export function bindForm(form) {
  const fields = () => [...form.elements].filter(({ name }) => name);
  const follow = () => {
    for (const field of fields()) {
      const value = wanted().get(field.name) ?? "";
      if (field.value !== value && document.activeElement !== field) setField(field, value);
    }
  };
  let typing;
  const lead = () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      if (!form.reportValidity()) return;
      go({ ...Object.fromEntries(fields().map(({ name, value }) => [name, value.trim()])), page: null, cursor: null }, { replacing: true });
    }, TYPING_MS);
  };
  form.addEventListener("input", lead);
  form.addEventListener("submit", (event) => { event.preventDefault(); lead(); });
  onAddress(follow);
  follow();
}
