/** Lines over time, as SVG. */
import { h, svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 70;

/**
 * @param series one or two of `{ name, values }`, oldest first; null where there is no value
 * @param format a value as text
 * @param ends what stands below the first and the last step
 */
export function chart({ title, series, format, ends, note }) {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const most = Math.max(0, ...known);
  const last = series.map(({ values }) => values.findLast((value) => value !== null) ?? null);
  const summary = known.length === 0 ? "no values" : series.map(({ name }, place) => `${name} ${format(last[place])}`).join(", ");
  return h("figure", { class: "chart panel" },
    h("figcaption", {},
      h("span", {}, title, series.length > 1 && series.map(({ name }, place) => h("span", { class: place === 0 ? "key" : "key second" }, name))),
      h("strong", {}, known.length === 0 ? "–" : last.map(format).join(" / "))),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${summary}, at most ${format(most)}` },
      svg("path", { class: "ground", d: `M0 ${HEIGHT}H${WIDTH}`, "vector-effect": "non-scaling-stroke" }),
      series.length === 1 && series[0].values.every((value) => value !== null) && svg("path", { class: "area", d: `${line(series[0].values, most)}V${HEIGHT}H0Z` }),
      series.map(({ values }, place) => svg("path", { class: place === 0 ? "first" : "second", d: line(values, most) }))),
    h("div", { class: "axis" }, h("span", {}, ends[0]), h("span", {}, note ?? `most ${format(most)}`), h("span", {}, ends[1])),
  );
}

/** Values without a neighbour become points: a line of no length with round ends. */
function line(values, most) {
  const step = WIDTH / Math.max(1, values.length - 1);
  return values.map((value, place) => {
    if (value === null) return "";
    const point = `${(place * step).toFixed(1)} ${(HEIGHT - 2 - (most === 0 ? 0 : (value / most) * (HEIGHT - 6))).toFixed(1)}`;
    const alone = (values[place - 1] ?? null) === null;
    return alone ? `M${point}L${point}` : `L${point}`;
  }).join("");
}
