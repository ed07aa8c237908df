/**
 * `npm run bench`: what an `up` costs by the Automation API as documented, by the service and by the
 * plain CLI, and what a service carries. `--quick`: one round, few users; `--json`: the last line on
 * standard output is one JSON object. docs/performance.md has results.
 */
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../providers/core/errors.ts";
import { cliWay } from "./cli-way.ts";
import { usersInFlight } from "./in-flight.ts";
import { compare, median } from "./rounds.ts";
import type { Compared } from "./rounds.ts";
import { openServiceEngine, slotWay } from "./slot-way.ts";
import { stockWay } from "./stock-way.ts";
import { upsPerMinute } from "./throughput.ts";
import { OPERATIONS } from "./ways.ts";
import type { Operation, Way } from "./ways.ts";
import { openBenchWorld } from "./world.ts";
import type { BenchWorld } from "./world.ts";

const MOST_SLOTS = 4;

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false }, json: { type: "boolean", default: false }, rounds: { type: "string" }, users: { type: "string" } } });
const PLAN = options.quick
  ? { rounds: 1, operations: ["create", "unchanged"] as const, runsASlot: [[1, 2], [2, 2], [4, 1]] as const, inFlight: { users: 6, bootSeconds: 2, scriptSeconds: 1, concurrency: 2, limitSeconds: 120 } }
  : { rounds: 5, operations: OPERATIONS, runsASlot: [[1, 10], [2, 8], [4, 5]] as const, inFlight: { users: 24, bootSeconds: 60, scriptSeconds: 1, concurrency: 2, limitSeconds: 3_600 } };
const rounds = Number(options.rounds ?? PLAN.rounds);
const inFlightOptions = { ...PLAN.inFlight, users: Number(options.users ?? PLAN.inFlight.users) };
const say = (text: string) => console.error(text);

function of(found: readonly Compared[], operation: Operation, way: Way["name"]): Compared | undefined {
  return found.find((one) => one.operation === operation && one.way === way);
}

function summary(found: readonly Compared[], operation: Operation) {
  const figure = (way: Way["name"], of_: "seconds" | "cpuSeconds") => rounded(median(of(found, operation, way)!.rounds.map((round) => round[of_])));
  return { stockSeconds: figure("stock", "seconds"), slotSeconds: figure("slot", "seconds"), cliSeconds: figure("cli", "seconds"), stockCpuSeconds: figure("stock", "cpuSeconds"), slotCpuSeconds: figure("slot", "cpuSeconds") };
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}

/** Median, least and most of each, as a table of Markdown. */
function table(found: readonly Compared[]): string {
  const text = (numbers: readonly number[]) => `${median(numbers).toFixed(2)} (${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)})`;
  const rows = found.map(({ operation, way, rounds: all }) => `| ${operation} | ${way} | ${text(all.map(({ seconds }) => seconds))} | ${text(all.map(({ cpuSeconds }) => cpuSeconds))} |`);
  return ["| | | seconds | CPU seconds |", "|---|---|---|---|", ...rows].join("\n");
}

async function compareWays(world: BenchWorld): Promise<{ readonly found: readonly Compared[]; readonly perMinute: readonly number[] }> {
  const serving = await openServiceEngine(world, MOST_SLOTS);
  const ways = [await stockWay(world), slotWay(serving), await cliWay(world)];
  try {
    const perMinute: number[] = [];
    for (const [atOnce, runs] of PLAN.runsASlot) perMinute.push(rounded(await upsPerMinute(serving, atOnce, runs)));
    return { perMinute, found: await compare(ways, PLAN.operations, rounds, say) };
  } finally {
    await Promise.all([...ways.map((way) => way.close()), serving.close()]);
  }
}

async function bench(): Promise<void> {
  say(`${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.version}; ${rounds} rounds`);
  const world = await openBenchWorld(say);
  try {
    const { found, perMinute: [slots1, slots2, slots4] } = await compareWays(world);
    say(table(found));
    say(`creating ups a minute: ${slots1} with 1 slot, ${slots2} with 2, ${slots4} with 4`);
    const flight = await usersInFlight(world, inFlightOptions);
    say(`${flight.users} users at once, ${inFlightOptions.bootSeconds} s of boot: at most ${rounded(flight.peakMemoryMb)} MB; ready ${rounded(flight.beyondBootSecondsP50)} s beyond the boot (median), ${rounded(flight.beyondBootSecondsLast)} s (last); ${rounded(flight.callsAUser)} calls a user`);
    if (!options.json) return;
    const { users, peakMemoryMb, beyondBootSecondsP50, callsAUser } = flight;
    console.log(JSON.stringify({
      create: summary(found, "create"),
      unchanged: summary(found, "unchanged"),
      upsPerMinute: { slots1, slots2, slots4 },
      inFlight: { users, peakMemoryMb: rounded(peakMemoryMb), beyondBootSecondsP50: rounded(beyondBootSecondsP50), callsAUser: rounded(callsAUser) },
    }));
  } finally {
    await world.close();
  }
}

try {
  await bench();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
// The exit code is set; a database client of the engine's may still hold the process open for seconds.
setTimeout(() => process.exit(), 1_000).unref();
