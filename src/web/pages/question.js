/** Asks before something is done: what it does, why it is wanted, and what it needs to know. */
import { h, markFocus, whileDisabled } from "./dom.js";

/** Counts what was pressed: what was pressed last is what is asked. */
let turn = 0;

/**
 * `text` is a text, an element, or several of them. `fields`: `{ name, label, type, value, options, required, pattern, hint }`; `options` is a list of `[value, text]`.
 * `submit` gets the values by name; what it throws is told in the question, which then stays.
 *
 * @returns whether it was answered with yes
 */
export function ask(question) {
  turn += 1;
  return open(question);
}

/**
 * The same for a question that has to be fetched first. Who has pressed something else by then, or types elsewhere, is
 * asked nothing: what comes late takes no keys that were meant for another field.
 *
 * @param button is busy until the question is there
 */
export async function askFetched(button, fetchQuestion) {
  const question = await whileDisabled(button, async () => {
    const mine = (turn += 1);
    const fetched = await fetchQuestion();
    return mine === turn && !isTyping() ? fetched : undefined;
  });
  return question !== undefined && (await open(question));
}

const isTyping = () => document.activeElement?.matches("input:not([type=checkbox]), select, textarea") ?? false;

/** Each question has elements of its own, so that nothing of an earlier one, whose answer comes late, can touch it. */
function open({ title, text, yes, no = "No", isDangerous = false, fields = [], submit, isAllowed = () => true }) {
  /** asking -> sending -> asking, if that has failed, or done */
  let state = "asking";
  const inputs = new Map(fields.map((field) => [field.name, input(field)]));
  const values = () => Object.fromEntries([...inputs].map(([name, { value }]) => [name, value.trim()]));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const sent = h("p", { class: "quiet", role: "status", hidden: true }, "It is sent already; the answer is waited for.");
  const yesButton = h("button", { type: "submit", class: isDangerous ? "danger" : "primary" }, yes);
  const noButton = h("button", { type: "button", onclick: () => (state === "sending" ? stay() : dialog.close()) }, no);
  const check = () => { yesButton.disabled = !isAllowed(values()); };
  const stay = () => { sent.hidden = false; };
  const send = async () => {
    state = "sending";
    form.setAttribute("aria-busy", "true");
    try {
      await submit(values());
      state = "done";
      dialog.close();
    } catch (error) {
      state = "asking";
      problem.textContent = [error.message, error.next].filter(Boolean).join(" ");
      problem.hidden = false;
    } finally {
      sent.hidden = true;
      form.removeAttribute("aria-busy");
      check();
    }
  };
  const onsubmit = (event) => {
    event.preventDefault();
    void whileDisabled(yesButton, send);
  };
  const words = [text].flat().filter(Boolean).map((part) => (typeof part === "string" ? h("p", {}, part) : part));
  const form = h("form", { method: "dialog", oninput: check, onsubmit },
    h("h2", { id: "question-title" }, title),
    h("div", { class: "fields" }, words, fields.map((field) => labelled(field, inputs.get(field.name)))),
    problem, sent, h("div", { class: "actions" }, noButton, yesButton));
  const dialog = h("dialog", { id: "question", "aria-labelledby": "question-title" }, form);
  check();
  const giveBack = markFocus();
  document.body.append(dialog);
  dialog.showModal();
  (inputs.values().next().value ?? noButton).focus();
  dialog.addEventListener("cancel", (event) => {
    if (state !== "sending") return;
    event.preventDefault();
    stay();
  });
  return new Promise((answered) => dialog.addEventListener("close", () => {
    // Browsers close at the second Escape, whatever they were told at the first.
    if (state === "sending") {
      dialog.showModal();
      return stay();
    }
    dialog.remove();
    // The browser gives the focus back to what had it, unless that was made anew meanwhile.
    giveBack();
    answered(state === "done");
  }));
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
