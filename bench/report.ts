/** What was measured, as people and as programs read it. */
import type { InFlight, Level } from "./in-flight.ts";
import type { Latency } from "./latency.ts";
import { median } from "./rounds.ts";
import type { Compared } from "./rounds.ts";
import type { Operation, Way } from "./ways.ts";

/** Median, least and most of each, as a table of Markdown. */
export function table(found: readonly Compared[]): string {
  const text = (numbers: readonly number[]) => `${median(numbers).toFixed(2)} (${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)})`;
  const rows = found.map(({ operation, way, rounds: all }) => `| ${operation} | ${way} | ${text(all.map(({ seconds }) => seconds))} | ${text(all.map(({ cpuSeconds }) => cpuSeconds))} |`);
  return ["| | | seconds | CPU seconds |", "|---|---|---|---|", ...rows].join("\n");
}

export function summary(found: readonly Compared[], operation: Operation) {
  const of = (way: Way["name"]) => found.find((one) => one.operation === operation && one.way === way)!.rounds;
  const figure = (way: Way["name"], what: "seconds" | "cpuSeconds") => rounded(median(of(way).map((round) => round[what])));
  return { stockSeconds: figure("stock", "seconds"), slotSeconds: figure("slot", "seconds"), cliSeconds: figure("cli", "seconds"), stockCpuSeconds: figure("stock", "cpuSeconds"), slotCpuSeconds: figure("slot", "cpuSeconds") };
}

export function flightText(flight: InFlight): string {
  return [
    `${flight.users} users: ready ${rounded(flight.beyondBootSecondsP50)} s beyond boot and script (median), ${rounded(flight.beyondBootSecondsP95)} s (95 %), ${rounded(flight.beyondBootSecondsLast)} s (last); ${rounded(flight.callsAUser)} calls a user, among them ${flight.vmLists} lists of all VMs in all; ${flight.purchases} purchases`,
    ...flight.callsByEndpoint.map(({ endpoint, aUser }) => `  ${rounded(aUser)} a user: ${endpoint}`),
    `  from the VPS's first answer to ready: ${rounded(flight.answeringToReadySecondsP50)} s (median), ${rounded(flight.answeringToReadySecondsP95)} s (95 %)`,
    `  the worker's processes: at most ${rounded(flight.peakMemoryMb)} MB; with a third, two thirds and all ready ${flight.levels.map(levelText).join("; ")}`,
    `  at rest ${levelText(flight.atRest)}, ${flight.atRest.temporaryFiles} temporary files, ${flight.atRest.locks} locks`,
  ].join("\n");
}

export function latencyText(latency: Latency): string {
  const { requestsASecond, firstProvisionMsP99, provisionMsP50, provisionMsP99, statusMsP50, statusMsP99, accepted, kept } = latency;
  return `${requestsASecond} requests a second beside a busy worker: provision ${rounded(provisionMsP50)} ms (median), ${rounded(provisionMsP99)} ms (99 %; in the first seconds ${rounded(firstProvisionMsP99)}); status ${rounded(statusMsP50)} and ${rounded(statusMsP99)} ms; kill -9 of http: ${kept} of ${accepted} accepted signups have row and job`;
}

export function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}

function levelText({ memoryMb, processes, descriptors }: Level): string {
  return `${Math.round(memoryMb)} MB, ${processes} processes, ${descriptors} descriptors`;
}
