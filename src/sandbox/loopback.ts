import { isIPv4 } from "node:net";

/** The sandbox speaks with this machine alone: throws for every address outside 127.0.0.0/8. */
export function assertLoopback(host: string): void {
  if (isIPv4(host) && host.startsWith("127.")) return;
  throw new Error(
    `The sandbox binds to loopback addresses only: expected an address in 127.0.0.0/8, got "${host}". ` +
      "Leave the host out to use 127.0.0.1.",
  );
}

/** VMs get 127.77.0.1, 127.77.0.2 and so on; the number starts at 0. */
export function vmAddress(number: number): string {
  const lastOctet = (number % 254) + 1;
  const thirdOctet = Math.floor(number / 254);
  if (thirdOctet > 254) throw new Error("The sandbox has no loopback address left for one more VM.");
  return `127.77.${thirdOctet}.${lastOctet}`;
}

/** Nothing ever answers here: what a proxied record of Cloudflare resolves to. */
export const PROXY_ADDRESS = "127.254.0.1";

/** Held by the sandbox for its whole life so that no other sandbox takes the same port for its VMs. */
export const RESERVATION_ADDRESS = "127.77.255.254";
