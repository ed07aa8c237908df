import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { isScheduleRule, numberWanted } from "../../../src/config/pool-schedule.ts";

const at = (text: string) => new Date(`${text}Z`);

describe("a pool's schedule", () => {
  // 2026-11-23 is a Monday.
  const cases: [rules: string[], time: string, wanted: number, why: string][] = [
    [[], "2026-11-23T12:00", 5, "without a rule the usual number"],
    [["08:00-18:00 = 9"], "2026-11-23T08:00", 9, "a rule begins with its first minute"],
    [["08:00-18:00 = 9"], "2026-11-23T18:00", 5, "and ends with its last"],
    [["mon-fri 08:00-18:00 = 9"], "2026-11-22T09:00", 5, "Sunday is no weekday"],
    [["sat-sun 00:00-24:00 = 2"], "2026-11-22T23:59", 2, "a whole day"],
    [["fri-mon 00:00-24:00 = 2"], "2026-11-22T10:00", 2, "days over the end of the week"],
    [["22:00-06:00 = 1"], "2026-11-23T23:00", 1, "over midnight, before it"],
    [["22:00-06:00 = 1"], "2026-11-23T05:59", 1, "over midnight, after it"],
    [["sun 22:00-06:00 = 1"], "2026-11-23T05:00", 1, "the night of the day on which it began"],
    [["mon 22:00-06:00 = 1"], "2026-11-23T05:00", 5, "not the night before"],
    [["2026-11-23T08:00Z/2026-11-24T08:00Z = 50"], "2026-11-23T09:00", 50, "a stretch of time"],
    [["2026-11-23T08:00Z/2026-11-24T08:00Z = 50"], "2026-11-24T08:00", 5, "and its end"],
    [["00:00-24:00 = 1", "2026-11-23T08:00Z/2026-11-24T08:00Z = 50"], "2026-11-23T09:00", 50, "the last that fits counts"],
    [["00:00-24:00 = 0"], "2026-11-23T09:00", 0, "none at all"],
  ];
  for (const [rules, time, wanted, why] of cases) {
    it(`${why}: ${rules.join("; ") || "no rule"} at ${time} is ${wanted}`, () => assert.equal(numberWanted(rules, 5, at(time)), wanted));
  }

  for (const rule of ["", "8:00-18:00 = 9", "08:00-08:00 = 9", "25:00-26:00 = 1", "08:60-09:00 = 1", "mon-xyz 08:00-09:00 = 1", "08:00-18:00", "2026-11-24T08:00Z/2026-11-23T08:00Z = 1", "2026-11-23/2026-11-24 = 1"]) {
    it(`does not take ${JSON.stringify(rule)}`, () => assert.equal(isScheduleRule(rule), false));
  }
});
