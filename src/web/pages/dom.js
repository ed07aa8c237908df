/** Elements by function calls: text stays text, whoever wrote it. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * `h("a", { href: "/", class: "home" }, "text", element)`. A property that starts with `on` is a
 * listener, `true` an attribute without a value; `false`, null and undefined are left out.
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Does what a button asks for, and nothing when it is pressed again before that has come to its end. Not by `disabled`,
 * which takes the focus away: whoever uses the keyboard keeps the place, also where the button is made anew meanwhile.
 */
export async function whileDisabled(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  const states = ["aria-busy", "aria-disabled"];
  for (const state of states) button.setAttribute(state, "true");
  try {
    return await work();
  } finally {
    for (const state of states) button.removeAttribute(state);
  }
}

export const byId = (id) => document.getElementById(id);

const shown = new WeakMap();

/**
 * Shows children made from data, and does nothing while the data stays the same. The focus stays on
 * the child that is the same: see `markFocus`.
 */
export function show(container, data, children) {
  const text = JSON.stringify(data);
  if (shown.get(container) === text) return;
  const giveBack = markFocus(container);
  container.replaceChildren(...[children(data)].flat(2).filter(Boolean));
  // Not before: what could not be made is tried, and told of, each time.
  shown.set(container, text);
  giveBack();
}

const FOCUSABLE = "a[href], button, input, select, summary, [tabindex]";

/**
 * Whoever uses the keyboard keeps the place, whatever is made anew meanwhile: what has the focus within an element
 * now, or else what has the same `data-key`, id or words, or else the nearest that can have it.
 *
 * @returns gives the focus back, if it was there and is lost
 */
export function markFocus(container = document.body) {
  const element = document.activeElement;
  if (!element || element === document.body || !container.contains(element)) return () => undefined;
  const { id, dataset: { key }, tagName } = element;
  const words = wordsOf(element);
  return () => {
    const now = document.activeElement;
    // What a question held has the focus a moment longer than it can be seen.
    if (now && now !== document.body && now.checkVisibility()) return;
    const all = [...container.querySelectorAll(FOCUSABLE)].filter((one) => !one.disabled && one.checkVisibility());
    const same = all.find((one) => one === element) ?? all.find((one) => (key !== undefined && one.dataset.key === key) || (id !== "" && one.id === id))
      ?? all.find((one) => one.tagName === tagName && wordsOf(one) === words) ?? container.closest("[tabindex]") ?? byId("main");
    same?.focus({ preventScroll: true });
  };
}

const wordsOf = (element) => element.getAttribute("aria-label") ?? element.textContent;
