/** The phases of a run as bars on one line of time. */
import { h } from "./dom.js";
import { seconds } from "./text.js";

const PHASES = {
  engine: "engine",
  credentials: "credentials",
  script: "script",
  vm: "VM",
  dns: "DNS",
  health: "health check",
};

const SIGNS = { done: "✓", active: "●", failed: "✕", pending: "·" };
const SPOKEN = { done: "done", active: "running", failed: "failed", pending: "not begun" };

/**
 * @param vps as GET /api/vps/status has it
 * @param sinceMs how long ago it was so: what runs has gone on since
 */
export function timeline({ status, phases }, sinceMs) {
  const begin = Math.min(...phases.map(({ startedAt }) => Date.parse(startedAt)));
  const timed = new Map(phases.map((phase) => {
    const runs = phase.endedAt === null;
    return [phase.phase, { from: (Date.parse(phase.startedAt) - begin) / 1_000, took: phase.seconds + (runs ? sinceMs / 1_000 : 0), runs }];
  }));
  const total = Math.max(0.1, ...[...timed.values()].map(({ from, took }) => from + took));
  const last = phases.at(-1)?.phase;
  return Object.entries(PHASES).map(([phase, name]) => {
    const time = timed.get(phase);
    const state = !time ? "pending" : time.runs ? "active" : status === "failed" && phase === last ? "failed" : "done";
    const bar = time && h("span", { class: "bar" });
    bar?.style.setProperty("left", `${(time.from / total) * 100}%`);
    bar?.style.setProperty("width", `${(time.took / total) * 100}%`);
    return h("li", { class: state, "data-phase": phase },
      h("span", { class: "sign", role: "img", "aria-label": SPOKEN[state] }, SIGNS[state]),
      h("span", {}, name),
      h("span", { class: "track", "aria-hidden": "true" }, bar),
      h("span", { class: "seconds" }, time ? seconds(time.took) : ""));
  });
}
