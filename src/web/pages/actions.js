/** What an operator can do with a user's VPS: all that the command line can, each asking why. */
import { get, post } from "./api.js";
import { byId, h, show } from "./dom.js";
import { openFrame, tell, tellProblem } from "./frame.js";
import { ask, askFetched, WHY } from "./question.js";
import { plan } from "./text.js";

const AT_REST = ["ready", "failed"];
const isAtRest = ({ status }) => AT_REST.includes(status);
const canBeGivenUp = ({ status }) => status === "suspended" || AT_REST.includes(status);
const hasVm = (vps) => isAtRest(vps) && vps.vmId !== null;

const confirming = ({ username }) => ({ name: "confirm", label: `Type the user name, ${username}, to confirm`, required: true });
const isConfirmed = ({ username }) => ({ confirm }) => confirm === username;
const offers = () => get("/api/admin/offers");
const choice = (name, label, items, unchanged) => ({ name, label, options: [["", unchanged], ...items.map(([value, text]) => [String(value), text])] });
const WITHOUT_CERTIFICATE = choice("withoutCertificate", "While no certificate is left this week", [["yes", "rename all the same: it is not reached until there is one"]], "refuse it");
const filled = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

/**
 * Shown where they fit. `question` is what is asked before, besides why; `body` makes of the answers
 * what is sent. Those of `more` are rarer and lie behind a button.
 */
const ACTIONS = [
  { name: "retry", text: "Retry", fits: ({ status }) => status === "failed", question: retryQuestion, body: whichPlace },
  { name: "cancel", text: "Cancel", fits: ({ status }, givingUp) => ["queued", "provisioning"].includes(status) || (status === "deprovisioning" && isBegun(givingUp)),
    question: () => ({ title: "End what is being done?", text: "What is there already stays; Retry goes on with it.", yes: "End it", no: "Let it go on" }) },
  { name: "repair", text: "Repair", fits: ({ status }) => status === "ready",
    question: () => ({ title: "Make it as declared?", text: "By `up`: what differs is changed in place; what would wipe the user's data or buy a VM is refused.", yes: "Repair" }) },
  { name: "start", text: "Start", fits: hasVm, question: () => ({ title: "Start the VM?", text: "", yes: "Start" }) },
  { name: "stop", text: "Stop", fits: hasVm, question: () => ({ title: "Stop the VM?", text: "The user cannot reach it until it is started again, and sweeps report it as stopped.", yes: "Stop" }) },
  { name: "restart", text: "Restart", fits: hasVm, question: () => ({ title: "Restart the VM?", text: "What runs on it is ended; it is away for a moment.", yes: "Restart" }) },
  { name: "suspend", text: "Suspend", fits: isAtRest, question: () => ({ title: "Suspend the user?", text: "The VM is stopped, nothing is wiped. The user can read the reason.", yes: "Suspend" }) },
  { name: "resume", text: "Resume", fits: ({ status }) => status === "suspended", question: () => ({ title: "Resume the user?", text: "The VM is started.", yes: "Resume" }) },
  { name: "rotate-credentials", text: "Rotate credentials", fits: (vps) => vps.status === "ready" || hasVm(vps),
    question: () => ({ title: "Make new credentials?", text: "The password and the JWT secret that the user has will not work any more. The user can then be shown the new ones.", yes: "Rotate" }) },
  { name: "snapshot", text: "Snapshot", fits: hasVm,
    question: (vps) => ({ title: "Make a snapshot of the VM?", text: "A VM has one: it takes the place of an earlier one, which is lost.", yes: "Make it", fields: [confirming(vps)], isAllowed: isConfirmed(vps) }) },
  { name: "rename", text: "Rename", fits: hasVm, body: ({ withoutCertificate, ...others }) => ({ ...others, ...(withoutCertificate && { withoutCertificate: true }) }),
    question: (vps) => ({ title: "Another host name?", text: "In place: the DNS record, the VM's own name, what Caddy serves. The old name leads nowhere afterwards; the user name stays.", yes: "Rename", fields: [{ name: "hostname", label: "New host name", value: vps.hostname, required: true }, WITHOUT_CERTIFICATE, confirming(vps)], isAllowed: isConfirmed(vps) }) },
  { name: "recreate", text: "Recreate", fits: hasVm, isDangerous: true, question: recreateQuestion, body: ({ templateId, ...others }) => ({ ...others, ...(templateId && { templateId: Number(templateId) }) }) },
  { name: "replace", text: "Replace", fits: hasVm, isDangerous: true, question: replaceQuestion, body: whichPlace },
  { name: "deprovision", text: "Deprovision", fits: () => true, isDangerous: true, isOff: (vps) => !canBeGivenUp(vps), question: giveUpQuestion, body: ({ wipe, ...others }) => ({ ...others, wipe: wipe !== "no" }) },
];

function whichPlace({ dataCenterId, ...others }) {
  return { ...others, ...(dataCenterId && { dataCenterId: Number(dataCenterId) }) };
}

async function retryQuestion({ vmId }) {
  const question = { title: "Try again?", text: "It goes on with what is there.", yes: "Retry" };
  return vmId === null ? { ...question, fields: await placeFields() } : question;
}

async function placeFields() {
  const { plans, dataCenters } = await offers();
  return [choice("plan", "Plan", plans.map((item) => [item, plan(item)]), "as it is"), choice("dataCenterId", "Data center", dataCenters.map(({ id, name }) => [id, name]), "as it is")];
}

async function recreateQuestion(vps) {
  const { templates } = await offers();
  return { title: "Wipe the VM and install it anew?", text: "All data on it is lost, Hostinger's snapshot too. Credentials, address and host name stay.", yes: "Wipe and install", fields: [choice("templateId", "Template", templates.map(({ id, name }) => [id, name]), "as it is"), confirming(vps)], isAllowed: isConfirmed(vps) };
}

async function replaceQuestion(vps) {
  return { title: "Another VM in place of this one?", text: "It is bought beside the old one, which costs money; when it is installed, the DNS record leads to it, and the old one is stopped and not renewed. Data is not copied: it stays on the old VM until its paid term ends.", yes: "Buy and replace", fields: [...(await placeFields()), confirming(vps)], isAllowed: isConfirmed(vps) };
}

async function giveUpQuestion(vps) {
  const { deprovisionGraceHours: hours } = await openFrame();
  return {
    title: "Give the VPS up?", yes: "Deprovision", no: "Keep it",
    text: h("p", {}, hours > 0 ? `In ${hours} hours, unless it is taken back before,` : "At once, and for good,", " the data of ", h("strong", {}, vps.username), " is lost: the DNS record is removed, the VM wiped, stopped and not renewed."),
    fields: [{ name: "wipe", label: "The data", options: [["yes", "is wiped"], ["no", "stays on the stopped VM, which is then never reused"]] }, confirming(vps)],
    isAllowed: isConfirmed(vps),
  };
}

/** Nothing was done yet, so it can be taken back without a trace. */
export const waits = (givingUp) => givingUp !== null && givingUp.startedAt === null;
const isBegun = (givingUp) => givingUp !== null && givingUp.startedAt !== null;

/** @param onAsked told when something was asked for */
export function showActions(vps, givingUp, onAsked) {
  const fitting = ACTIONS.filter(({ fits }) => fits(vps, givingUp)).map((action) => ({ ...action, off: action.isOff?.(vps) ?? false }));
  const group = byId("actions");
  const hadFocus = group.contains(document.activeElement);
  show(group, [vps.username, vps.hostname, vps.vmId, fitting], () => fitting.map((action) => h("button", { type: "button", class: action.isDangerous && "danger", "data-key": action.name, disabled: action.off, onclick: ({ currentTarget }) => void begin(currentTarget, vps, action, onAsked).catch(tellProblem) }, `${action.text}…`)));
  // The button that was pressed may be gone.
  if (hadFocus) keepPlace();
}

/** Whoever uses the keyboard is not left without a place. */
function keepPlace() {
  if (!byId("actions").contains(document.activeElement)) byId("title").focus({ preventScroll: true });
}

async function begin(button, vps, { name, text, isDangerous, question, body = (values) => values }, onAsked) {
  const submit = async (values) => {
    await post(`/api/admin/vps/${vps.username}/${name}`, body(filled(values)));
    tell(`${text}: asked for.`);
    onAsked();
  };
  await askFetched(button, async () => {
    const asked = await question(vps);
    return { ...asked, isDangerous, fields: [WHY, ...(asked.fields ?? [])], submit };
  });
  // The button may fit no more.
  if (document.activeElement === byId("main")) byId("title").focus({ preventScroll: true });
}

/** Takes back what was not begun yet. */
export function keep(username) {
  return ask({
    title: "Keep the VPS?", text: "Nothing was done yet; it stays as it is.", yes: "Keep it", no: "Leave it", fields: [WHY],
    submit: async (values) => {
      await post(`/api/admin/vps/${username}/cancel`, values);
      tell("Keep the VPS: asked for.");
    },
  });
}
