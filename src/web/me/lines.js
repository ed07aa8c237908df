/** Values that are there to be copied. */
import { h } from "/assets/dom.js";
import { say } from "./words.js";

export function copyable(name, value, tell, shown = h("code", {}, value)) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      tell(say("copied", { what: name }));
    } catch {
      tell(say("not-copied"));
    }
  };
  return h("div", {}, h("dt", {}, name), h("dd", {}, shown, h("button", { type: "button", "data-key": `copy ${name}`, "aria-label": say("copy-what", { what: name }), onclick: copy }, say("copy"))));
}
