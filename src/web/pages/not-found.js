/** An address that nothing is at; who is not logged in sees it too, and no more than that. */
import { byId } from "./dom.js";
import { openFrame, tellProblem } from "./frame.js";

byId("address").textContent = decodeURI(location.pathname);
const answer = await fetch("/session").catch(() => undefined);
if (answer?.ok) await openFrame().catch(tellProblem);
