/** What an operator can do with a user's VPS. */
import { post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { openFrame, tell, tellProblem } from "./frame.js";

const AT_REST = ["ready", "failed"];
const isAtRest = ({ status }) => AT_REST.includes(status);
const canBeGivenUp = ({ status }) => status === "suspended" || AT_REST.includes(status);
const hasVm = (vps) => isAtRest(vps) && vps.vmId !== null;

/** Shown where they fit. `sure`: what is asked before. `why`: the question whose answer is recorded. */
const ACTIONS = [
  { name: "retry", text: "Retry", fits: ({ status }) => status === "failed" },
  { name: "cancel", text: "Cancel", fits: ({ status }, givingUp) => ["queued", "provisioning"].includes(status) || (status === "deprovisioning" && isBegun(givingUp)) },
  { name: "repair", text: "Repair", fits: ({ status }) => status === "ready" },
  { name: "start", text: "Start", fits: hasVm },
  { name: "stop", text: "Stop…", fits: hasVm, sure: { title: "Stop the VM?", text: "The user cannot reach it until it is started again, and sweeps report it as stopped.", yes: "Stop" } },
  { name: "restart", text: "Restart…", fits: hasVm, sure: { title: "Restart the VM?", text: "What runs on it is ended; it is away for a moment.", yes: "Restart" } },
  { name: "suspend", text: "Suspend…", fits: isAtRest, why: "Why is this user suspended? It is recorded, and the user is told. The VM is stopped; nothing is wiped." },
  { name: "resume", text: "Resume…", fits: ({ status }) => status === "suspended", why: "Why is this user resumed? It is recorded. The VM is started." },
  { name: "rotate-credentials", text: "Rotate credentials…", fits: ({ status }) => status === "ready", sure: { title: "Make new credentials?", text: "The password and the JWT secret that the user has will not work any more. The new ones can be shown once.", yes: "Rotate" } },
];

/** Nothing was done yet, so it can be taken back without a trace. */
export const waits = (givingUp) => givingUp !== null && givingUp.startedAt === null;
const isBegun = (givingUp) => givingUp !== null && givingUp.startedAt !== null;

export function showActions(vps, givingUp) {
  const fitting = ACTIONS.filter(({ fits }) => fits(vps, givingUp));
  const group = byId("actions");
  const hadFocus = group.contains(document.activeElement);
  show(group, [vps.username, fitting, canBeGivenUp(vps)], () => [
    ...fitting.map(({ name, text, sure, why }) => h("button", { type: "button", "data-key": name, onclick: () => void (why ? actWithReason(vps.username, name, text, why) : act(vps.username, name, text, sure)) }, text)),
    h("button", { type: "button", class: "danger", "data-key": "deprovision", disabled: !canBeGivenUp(vps), onclick: () => void confirmDeprovision(vps.username) }, "Deprovision…"),
  ]);
  // The button that was pressed may be gone.
  if (hadFocus) keepPlace();
}

/** Whoever uses the keyboard is not left without a place. */
function keepPlace() {
  if (!byId("actions").contains(document.activeElement)) byId("title").focus({ preventScroll: true });
}

async function act(username, name, text, sure) {
  if (!sure || (await isSure(name, sure))) await ask(username, name, text.replace("…", ""));
}

async function actWithReason(username, name, text, why) {
  const reason = window.prompt(why)?.trim();
  if (reason) await ask(username, name, text.replace("…", ""), { reason });
}

export async function ask(username, action, text, body) {
  try {
    await post(`/api/admin/vps/${username}/${action}`, body);
    tell(`${text}: asked for.`);
    return true;
  } catch (error) {
    tellProblem(error);
    return false;
  }
}

function isSure(name, { title, text, yes }) {
  const dialog = byId("sure");
  byId("sure-title").textContent = title;
  byId("sure-text").textContent = text;
  byId("sure-yes").textContent = yes;
  dialog.returnValue = "no";
  openDialog(dialog, name);
  return new Promise((answered) => dialog.addEventListener("close", () => answered(dialog.returnValue === "yes"), { once: true }));
}

/** The user name has to be typed, here and for the API. */
async function confirmDeprovision(username) {
  const { deprovisionGraceHours: hours } = await openFrame();
  const dialog = byId("deprovision");
  const confirm = byId("confirm");
  byId("deprovision-name").textContent = username;
  byId("deprovision-when").textContent = hours > 0 ? `In ${hours} hours, unless it is taken back before,` : "At once, and for good,";
  confirm.value = "";
  byId("give-up").disabled = true;
  confirm.oninput = () => { byId("give-up").disabled = confirm.value !== username; };
  byId("keep").onclick = () => dialog.close();
  byId("deprovision-form").onsubmit = async (event) => {
    event.preventDefault();
    const reason = byId("reason").value.trim();
    if (await ask(username, "deprovision", "Deprovision", { confirm: confirm.value, ...(reason && { reason }) })) dialog.close();
  };
  openDialog(dialog, "deprovision");
  confirm.focus();
}

/** @param name the action whose button opens it */
function openDialog(dialog, name) {
  dialog.addEventListener("close", () => {
    // The browser gives the focus back to the button, unless an event has made it anew meanwhile.
    if (document.activeElement !== document.body && !dialog.contains(document.activeElement)) return;
    byId("actions").querySelector(`[data-key="${name}"]`)?.focus({ preventScroll: true });
    keepPlace();
  }, { once: true });
  dialog.showModal();
}
