/** What is done to many users at once: they are chosen, what it touches is shown, then it is done. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tell, tellProblem } from "./frame.js";
import { askFetched, WHY } from "./question.js";

const MOST_SHOWN = 12;
const ACTIONS = {
  retry: { text: "Retry", done: "are tried again" },
  repair: { text: "Repair", done: "are repaired" },
  "roll-out": { text: "Roll out", done: "get the release" },
};

/**
 * @param filters of what is listed, as URLSearchParams
 * @param fleet as GET /api/admin/fleet has it
 * @param done called after something was asked for
 */
export function openBulk({ filters, fleet, done }) {
  const chosen = new Set();
  let all = false;
  let names = [];
  let total = 0;

  function choose(username) {
    return h("input", { type: "checkbox", "aria-label": `Choose ${username}`, "data-key": `choose-${username}`, "data-choose": username, checked: all || chosen.has(username), onchange: ({ target }) => {
      all = false;
      if (target.checked) chosen.add(username);
      else chosen.delete(username);
      showBar();
    } });
  }

  function chooseAll() {
    return h("input", { type: "checkbox", id: "choose-all", "aria-label": "Choose all on this page", onchange: ({ target }) => {
      all = false;
      for (const name of names) {
        if (target.checked) chosen.add(name);
        else chosen.delete(name);
      }
      showBar();
    } });
  }

  function listed(now, count) {
    [names, total] = [now, count];
    showBar();
  }

  function showBar() {
    for (const box of document.querySelectorAll("[data-choose]")) box.checked = all || chosen.has(box.dataset.choose);
    const box = byId("choose-all");
    if (box) box.checked = names.length > 0 && (all || names.every((name) => chosen.has(name)));
    const bar = byId("bulk");
    const count = all ? total : chosen.size;
    bar.hidden = count === 0;
    if (count === 0) return;
    // Not made anew with each look at the list: a button whose question is being fetched stays the one that is busy.
    show(bar, [count, all, total, names.length], () => [
      h("p", {}, h("strong", {}, `${count} chosen`), all ? ": all that fit. " : ". ", !all && total > names.length && h("button", { type: "button", "data-key": "all", onclick: () => { all = true; showBar(); } }, `Choose all ${total} that fit`)),
      h("div", { class: "actions" },
        Object.entries(ACTIONS).map(([name, { text }]) => h("button", { type: "button", "data-key": name, onclick: ({ currentTarget }) => void begin(currentTarget, name).catch(tellProblem) }, `${text}…`)),
        h("button", { type: "button", "data-key": "none", onclick: () => { all = false; chosen.clear(); showBar(); byId("place").focus(); } }, "Choose none")),
    ]);
  }

  const which = () => (all ? { filter: Object.fromEntries(filters()) } : { usernames: [...chosen] });

  async function begin(button, action) {
    await askFetched(button, () => question(action));
    // Who has chosen nobody any more has no bar either.
    if (chosen.size === 0 && !all) byId("place").focus({ preventScroll: true });
    showBar();
    done();
  }

  async function question(action) {
    const { text, done: doneText } = ACTIONS[action];
    const preview = await post("/api/admin/bulk/preview", { action, ...which() });
    const versions = action === "roll-out" ? (fleet()?.releases ?? (await get("/api/admin/fleet")).releases) : [];
    const can = preview.touched.length > 0 && (action !== "roll-out" || versions.length > 0);
    return {
      title: `${text}: ${preview.touched.length} of ${preview.touched.length + preview.left.length + preview.beyond}`,
      text: [
        preview.touched.length > 0 ? list(`These ${doneText}:`, preview.touched) : "None of these users is touched.",
        preview.left.length > 0 && list("These are left alone:", preview.left.map(({ username, why }) => `${username}: ${why}`)),
        preview.beyond > 0 && `${preview.beyond} more fit; ask again for them afterwards.`,
        action === "roll-out" && versions.length === 0 && "No release is known yet.",
      ],
      yes: text,
      fields: [...(action === "roll-out" ? [{ name: "version", label: "Release", options: versions.map((version) => [version, version]) }] : []), WHY],
      isAllowed: () => can,
      submit: async ({ reason, version }) => {
        // Just those that were shown.
        if (action === "roll-out") await post("/api/admin/roll-outs", { version, confirm: version, reason, usernames: preview.touched });
        else await post("/api/admin/bulk", { action, usernames: preview.touched, reason });
        tell(`${text}: asked for, for ${preview.touched.length}.`);
        all = false;
        chosen.clear();
      },
    };
  }

  return { choose, chooseAll, listed };
}

function list(title, items) {
  return h("div", {}, h("p", {}, title), h("ul", { class: "touched" }, items.slice(0, MOST_SHOWN).map((item) => h("li", {}, item)), items.length > MOST_SHOWN && h("li", { class: "quiet" }, `and ${items.length - MOST_SHOWN} more`)));
}
