/** Lines over time, as SVG. */
import { h, svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 70;

/**
 * @param series one or two of `{ name, values }`, oldest first; null where there is no value
 * @param format a value as text
 * @param ends what stands below the first and the last step
 * @param note in place of the greatest value
 */
export function chart({ title, series, format, ends, note }) {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const most = Math.max(0, ...known);
  const last = series.map(({ values }) => values.findLast((value) => value !== null) ?? null);
  const summary = known.length === 0 ? "no values" : series.map(({ name }, place) => `${name} ${format(last[place])}`).join(", ");
  return h("figure", { class: "chart panel" },
    h("figcaption", {},
      h("span", {}, title, series.length > 1 && series.map(({ name }, place) => h("span", { class: place === 0 ? "key" : "key second" }, name))),
      h("span", { class: "values" },
        h("strong", {}, known.length === 0 ? "–" : last.map((value) => format(value)).join(" / ")),
        note ?? `most ${format(most)}`)),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${summary}, at most ${format(most)}` },
      svg("path", { class: "ground", d: `M0 ${HEIGHT}H${WIDTH}`, "vector-effect": "non-scaling-stroke" }),
      series.length === 1 && series[0].values.every((value) => value !== null) && svg("path", { class: "area", d: `${line(series[0].values, most)}V${HEIGHT}H0Z` }),
      series.flatMap(({ values }, number) => [line, points].map((draw) => svg("path", { class: `${number === 0 ? "first" : "second"} ${draw.name}`, d: draw(values, most) })))),
    h("div", { class: "axis" }, h("span", {}, ends[0]), h("span", {}, ends[1])),
  );
}

function line(values, most) {
  return values.map((value, step) => {
    if (value === null) return "";
    return `${(values[step - 1] ?? null) === null ? "M" : "L"}${pointAt(values, step, most)}`;
  }).join("");
}

/** Values without a neighbour: lines of no length with round ends. */
function points(values, most) {
  const known = (step) => (values[step] ?? null) !== null;
  return values.map((_value, step) => (known(step) && !known(step - 1) && !known(step + 1) ? `M${pointAt(values, step, most)}h0` : "")).join("");
}

function pointAt(values, step, most) {
  const x = (step * WIDTH) / Math.max(1, values.length - 1);
  const y = HEIGHT - 2 - (most === 0 ? 0 : (values[step] / most) * (HEIGHT - 6));
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
