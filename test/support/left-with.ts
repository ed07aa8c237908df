import { getEventListeners } from "node:events";

/** What has been left with a signal: those who listen to it, and the signals that AbortSignal.any has made of it, which Node tells nobody of. */
export function leftWith(signal: AbortSignal): number {
  const dependants = Object.getOwnPropertySymbols(signal).find(({ description }) => description === "kDependantSignals");
  const made = dependants && (signal as unknown as Record<symbol, { size: number } | undefined>)[dependants];
  return getEventListeners(signal, "abort").length + (made?.size ?? 0);
}
