/** Mail by SMTP; the Message-ID stays the same for each try. */
import { Socket } from "node:net";
import { createTransport } from "nodemailer";
import type SMTPTransport from "nodemailer/lib/smtp-transport/index.js";
import { beginningOf } from "../../providers/core/cut-text.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { isLoopback } from "../../providers/core/http.ts";
import { printable } from "../../providers/core/printable.ts";
import { inSeconds } from "../../providers/core/time.ts";
import type { EmailTarget } from "../config/index.ts";
import type { Sender, SenderOptions } from "./sender.ts";
import { linesOf, titleOf } from "./words.ts";

const LONGEST_SUBJECT = 150;
const PORTS = { "smtp:": 587, "smtps:": 465 } as const;

export function emailSender({ to, from, smtp }: EmailTarget, { limitMs }: SenderOptions): Sender {
  const open = new Set<Socket>();

  /** A socket of our own for each: only so can a server be left that answers a little now and then. */
  async function within<T>(signal: AbortSignal, work: (transport: ReturnType<typeof createTransport>) => Promise<T>): Promise<T> {
    const socket = new Socket();
    const limit = setTimeout(() => socket.destroy(new Error(`no answer within ${inSeconds(limitMs)}`)), limitMs);
    const onAbort = () => socket.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    open.add(socket);
    try {
      return await work(createTransport({ ...optionsOf(smtp, limitMs), socket }));
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      open.delete(socket);
    }
  }

  return {
    async send({ messageId, ordering, events }, signal) {
      try {
        const title = titleOf(events);
        await within(signal, (transport) => transport.sendMail({
          from, to: ordering || [...to], subject: beginningOf(`user-vps: ${title}`, LONGEST_SUBJECT), date: new Date(events[0]!.at),
          messageId: `<${messageId}@${from.split("@")[1]}>`, headers: { "Auto-Submitted": "auto-generated" },
          text: [`${title}:`, "", ...linesOf(events), ""].join("\n"), disableFileAccess: true, disableUrlAccess: true,
        }));
        return { kind: "delivered" };
      } catch (error) {
        signal.throwIfAborted();
        // Of nodemailer's errors, only that of a refused address lists it.
        const isRefused = (error as { readonly rejected?: readonly string[] }).rejected !== undefined;
        return { kind: isRefused ? "refused" : "failed", error: told(error, ordering) };
      }
    },
    async look(signal) {
      try {
        await within(signal, (transport) => transport.verify());
        return { answers: true, said: "takes mail" };
      } catch (error) {
        signal.throwIfAborted();
        return { answers: false, said: told(error) };
      }
    },
    async close() {
      for (const socket of open) socket.destroy();
    },
  };
}

/** A password goes to another machine over TLS alone. */
function optionsOf(smtp: string, limitMs: number): SMTPTransport.Options {
  const { protocol, hostname, port, username, password } = new URL(smtp);
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    host, port: Number(port) || PORTS[protocol as keyof typeof PORTS], secure: protocol === "smtps:",
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) }, requireTLS: !isLoopback(hostname) }),
    connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs, disableFileAccess: true, disableUrlAccess: true,
  };
}

function told(error: unknown, address = ""): string {
  return beginningOf(printable([address, messageOf(error)].filter(Boolean).join(": ")).replaceAll(/\s+/g, " "), 200);
}
