import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { assertLoopback, RESERVATION_ADDRESS } from "./loopback.ts";

export interface ReservedPort {
  port: number;
  close: () => Promise<void>;
}

/**
 * One port for one service of all VMs of this sandbox. It is held on an address that no VM gets, so that two sandboxes never use
 * the same port although their VMs have the same addresses. Port 0 takes any that is free.
 */
export async function reserveVmPort(port: number): Promise<ReservedPort> {
  assertLoopback(RESERVATION_ADDRESS);
  const holder = createServer((connection) => connection.destroy());
  holder.listen(port, RESERVATION_ADDRESS);
  await once(holder, "listening");
  return {
    port: (holder.address() as AddressInfo).port,
    close: () => new Promise((resolve) => holder.close(() => resolve())),
  };
}

/** Takes the port of the last run if it is still free; a port that was asked for has to be free. */
export async function preferring<T>(asked: number, last: number | undefined, open: (port: number) => Promise<T>): Promise<T> {
  if (asked === 0 && last !== undefined) {
    try {
      return await open(last);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  return open(asked);
}
