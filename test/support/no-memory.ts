/** A machine without memory for another process, as Node tells it: the call itself throws. */
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { vi } from "vitest";
import { atEnd } from "./at-end.ts";

/** @param made what starts in place of a real process, once there is memory again @returns how often it was tried */
export function withoutMemoryFor(how: "spawn" | "fork", outcomes: readonly ("no memory" | "made")[], made: () => unknown): () => number {
  let tries = 0;
  const spied = vi.spyOn(childProcess, how).mockImplementation((() => {
    tries += 1;
    if (outcomes[tries - 1] === "no memory") throw Object.assign(new Error(`${how} ENOMEM`), { code: "ENOMEM" });
    return made();
  }) as never);
  syncBuiltinESMExports();
  atEnd(() => {
    spied.mockRestore();
    syncBuiltinESMExports();
  });
  return () => tries;
}
