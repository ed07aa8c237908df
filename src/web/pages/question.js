/** Asks before something is done: what it does, why it is wanted, and what it needs to know. */
import { byId, h, markFocus, whileDisabled } from "./dom.js";

/**
 * `text` is a text, an element, or several of them. `fields`: `{ name, label, type, value, options, required, pattern, hint }`; `options` is a list of `[value, text]`.
 * `submit` gets the values by name; what it throws is told in the question, which then stays.
 *
 * @returns whether it was answered with yes
 */
export function ask({ title, text, yes, no = "No", isDangerous = false, fields = [], submit, isAllowed = () => true }) {
  const dialog = byId("question");
  const form = byId("question-form");
  const inputs = new Map(fields.map((field) => [field.name, input(field)]));
  const values = () => Object.fromEntries([...inputs].map(([name, { value }]) => [name, value.trim()]));
  byId("question-title").textContent = title;
  byId("question-body").replaceChildren(...[text].flat().filter(Boolean).map((part) => (typeof part === "string" ? h("p", {}, part) : part)), ...fields.map((field) => labelled(field, inputs.get(field.name))));
  const button = byId("question-yes");
  button.textContent = yes;
  button.className = isDangerous ? "danger" : "primary";
  byId("question-problem").hidden = true;
  byId("question-no").textContent = no;
  byId("question-no").onclick = () => dialog.close("no");
  const check = () => { button.disabled = !isAllowed(values()); };
  form.oninput = check;
  check();
  dialog.returnValue = "no";
  const send = async () => {
    form.setAttribute("aria-busy", "true");
    try {
      await submit(values());
      dialog.close("yes");
    } catch (error) {
      byId("question-problem").textContent = [error.message, error.next].filter(Boolean).join(" ");
      byId("question-problem").hidden = false;
    } finally {
      form.removeAttribute("aria-busy");
      check();
    }
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    void whileDisabled(button, send);
  };
  const giveBack = markFocus();
  dialog.showModal();
  (inputs.values().next().value ?? byId("question-no")).focus();
  return new Promise((answered) => dialog.addEventListener("close", () => {
    // The browser gives the focus back to what had it, unless that was made anew meanwhile.
    giveBack();
    answered(dialog.returnValue === "yes");
  }, { once: true }));
}

/** Recorded with what is done; who reads the audit wants to know. */
export const WHY = { name: "reason", label: "Why, for the record", required: true };

function input({ name, type = "text", value = "", options, required = false, pattern }) {
  const common = { id: `ask-${name}`, name, required };
  if (options) return h("select", common, options.map(([option, text]) => h("option", { value: option, selected: option === value }, text)));
  return h("input", { ...common, type, value, pattern, maxlength: "500", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
}

function labelled({ name, label, hint }, element) {
  return h("div", { class: "field" }, h("label", { for: `ask-${name}` }, label), element, hint && h("p", { class: "quiet" }, hint));
}
