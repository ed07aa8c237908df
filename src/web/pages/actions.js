/** What an operator can do with a user's VPS. */
import { post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { tell, tellProblem } from "./frame.js";

const AT_REST = ["ready", "failed"];
const BUSY = ["queued", "provisioning", "deprovisioning"];

const ACTIONS = [
  { name: "retry", text: "Retry", fits: ({ status }) => status === "failed" },
  { name: "repair", text: "Repair", fits: ({ status }) => status === "ready" },
  { name: "restart", text: "Restart", fits: ({ status, vmId }) => AT_REST.includes(status) && vmId !== null },
  { name: "cancel", text: "Cancel", fits: ({ status }) => BUSY.includes(status) },
];

export function showActions(vps) {
  const fitting = ACTIONS.map(({ fits }) => fits(vps));
  show(byId("actions"), [vps.username, fitting, AT_REST.includes(vps.status)], () => [
    ...ACTIONS.map(({ name, text }, place) => h("button", { type: "button", "data-key": name, disabled: !fitting[place], onclick: () => ask(vps.username, name, text) }, text)),
    h("button", { type: "button", class: "danger", "data-key": "deprovision", disabled: !AT_REST.includes(vps.status), onclick: () => confirmDeprovision(vps.username) }, "Deprovision…"),
  ]);
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

/** The user name has to be typed, here and for the API. */
function confirmDeprovision(username) {
  const dialog = byId("deprovision");
  const confirm = byId("confirm");
  byId("deprovision-name").textContent = username;
  confirm.value = "";
  byId("give-up").disabled = true;
  confirm.oninput = () => { byId("give-up").disabled = confirm.value !== username; };
  byId("keep").onclick = () => dialog.close();
  byId("deprovision-form").onsubmit = async (event) => {
    event.preventDefault();
    if (await ask(username, "deprovision", "Deprovision", { confirm: confirm.value })) dialog.close();
  };
  dialog.showModal();
  confirm.focus();
}
