/** Sessions at the service, as a browser has them: a token or a link is exchanged once, and not kept. */
import { text as readAll } from "node:stream/consumers";
import { z } from "zod";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { NotConfirmed } from "../exit-codes.ts";
import { thisTerminal } from "../confirm.ts";
import { withExchange } from "./exchange.ts";
import { ServiceRefusal } from "./refusal.ts";
import type { KeptSession } from "./session-file.ts";

const SESSION = z.object({ operator: z.string(), role: z.string(), expiresAt: z.string(), csrfToken: z.string() });

/** From the terminal, unseen; else from standard input. */
export async function askToken(): Promise<string> {
  const { input, output, isInteractive } = thisTerminal();
  if (!process.stdin.isTTY) return (await readAll(process.stdin)).trim();
  if (!isInteractive) throw new UserVpsError("INPUT_INVALID", "Nobody can be asked for a token here.", { next: "Set USER_VPS_TOKEN, or give the token on standard input." });
  const { isCancel, password } = await import("@clack/prompts");
  const given = await password({ message: "An operator's token, or a link of `user-vps login`:", input, output });
  if (isCancel(given)) throw new NotConfirmed("Nobody was logged in.", "Run it again when there is a token.");
  return given.trim();
}

/** @param given a JWT, or a link with its code */
export async function openServiceSession(url: string, given: string, signal: AbortSignal): Promise<KeptSession> {
  if (given === "") throw new UserVpsError("INPUT_INVALID", "There is no token to log in with.", { next: "Set USER_VPS_TOKEN, or give the token on standard input." });
  const code = /#code=([\w.~-]+)/.exec(given)?.[1];
  return withExchange(url, signal, async (exchange) => {
    const { text, headers } = await exchange({ method: "POST", path: "/session", headers: {}, body: code === undefined ? { token: given } : { code } });
    const cookie = (headers["set-cookie"] ?? "").split(";", 1)[0]!;
    const session = SESSION.safeParse(JSON.parse(text || "null"));
    if (!session.success || cookie === "") throw new UserVpsError("CONFIG_INVALID", `${url} answered, but not as the service does.`, { next: "Check the address: it is to be the service's own." });
    return { url, cookie, ...session.data };
  });
}

/** One that has ended by itself is ended. */
export async function endServiceSession({ url, cookie, csrfToken }: KeptSession, signal: AbortSignal): Promise<void> {
  await withExchange(url, signal, async (exchange) => {
    await exchange({ method: "DELETE", path: "/session", headers: { cookie, "x-csrf-token": csrfToken } }).catch((error: unknown) => {
      if (!(error instanceof ServiceRefusal && error.status === 401)) throw error;
    });
  });
}
