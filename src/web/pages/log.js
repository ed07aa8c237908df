/** A log to be read: it follows its end, times, wrapping, errors marked, a link to each line, copied and downloaded. */
import { h } from "./dom.js";
import { clock, copy, time } from "./text.js";

const CHUNK = 200;
/** Lines that tell of a failure. */
const ERROR = /\b(error|errors|failed|failure|fatal|refused|panic|denied|timed out)\b|^!!!/i;

/**
 * @param label of the region, for whoever cannot see it
 * @param name of the file that is downloaded
 * @param anchor `(number) => "#…"`: the address of a line; without one lines have none
 * @returns `element`, and `add` for lines `{ number, at, text }`, which may be many
 */
export function logView({ label, name, anchor }) {
  const pre = h("pre", { class: "log wrap", tabindex: "0", role: "region", "aria-label": label });
  const lines = [];
  const errors = [];
  let chunk = null;
  let shownError = -1;

  const follow = box("Follow the end", true, () => toEnd());
  const times = box("Times", false, ({ checked }) => pre.classList.toggle("times", checked));
  const wrap = box("Wrap", true, ({ checked }) => pre.classList.toggle("wrap", checked));
  const count = h("button", { type: "button", hidden: true, onclick: nextError });
  const bar = h("div", { class: "log-bar", role: "group", "aria-label": `${label}: how it is shown` },
    follow.label, times.label, wrap.label, count,
    h("button", { type: "button", onclick: (event) => void copy(event.currentTarget, text()) }, "Copy"),
    h("button", { type: "button", onclick: download }, "Download"));

  // Whoever scrolls up wants to read there; whoever comes back to the end follows again. A scroll that comes of another
  // height is nobody's: what is out of sight has a height that is only known well enough.
  let height = 0;
  pre.addEventListener("scroll", () => {
    if (pre.scrollHeight !== height) toEnd();
    else follow.input.checked = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 8;
  }, { passive: true });
  const grown = new ResizeObserver(() => toEnd());

  const text = () => lines.map(({ at, text: line }) => (times.input.checked && at ? `${at} ${line}` : line)).join("\n");

  function add(more) {
    const begun = document.createDocumentFragment();
    for (const line of more) {
      if (!chunk || lines.length % CHUNK === 0) {
        // Only what is whole is left out of the layout while it is out of sight: its height is known well enough.
        chunk?.classList.add("full");
        chunk = h("span", { class: "chunk" });
        grown.observe(chunk);
        begun.append(chunk);
      }
      lines.push(line);
      const element = lineElement(line);
      if (ERROR.test(line.text)) {
        element.classList.add("error");
        errors.push(element);
      }
      chunk.append(element);
    }
    pre.append(begun);
    count.hidden = errors.length === 0;
    count.textContent = `${errors.length} ${errors.length === 1 ? "line tells" : "lines tell"} of a failure`;
    if (follow.input.checked) toEnd();
  }

  function lineElement({ number, at, text: line }) {
    return h("span", { class: "line", "data-line": number },
      h("a", { class: "number", href: anchor ? anchor(number) : null, "aria-label": `Line ${number}`, tabindex: "-1" }, String(number)),
      at && h("time", { datetime: at, title: time(at).title }, clock(at)),
      h("span", {}, line, "\n"));
  }

  function toEnd() {
    if (follow.input.checked) pre.scrollTop = pre.scrollHeight;
    height = pre.scrollHeight;
  }

  function nextError() {
    shownError = (shownError + 1) % errors.length;
    mark(errors[shownError]);
  }

  function mark(element) {
    follow.input.checked = false;
    for (const marked of pre.querySelectorAll(".marked")) marked.classList.remove("marked");
    element.classList.add("marked");
    element.scrollIntoView({ block: "center" });
  }

  /** @returns whether it is there by now */
  function goTo(number) {
    const element = pre.querySelector(`[data-line="${number}"]`);
    if (element) mark(element);
    return element !== null;
  }

  function download() {
    const url = URL.createObjectURL(new Blob([`${text()}\n`], { type: "text/plain" }));
    h("a", { href: url, download: `${name}.log` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1_000);
  }

  return { element: h("div", { class: "log-view" }, bar, pre), add, goTo, say: (words) => pre.replaceChildren(words), count: () => lines.length };
}

function box(label, checked, onchange) {
  const input = h("input", { type: "checkbox", checked, onchange: () => onchange(input) });
  return { input, label: h("label", {}, input, ` ${label}`) };
}
