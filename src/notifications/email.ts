/** Mail by SMTP; the Message-ID stays the same for each try. */
import { once } from "node:events";
import { connect } from "node:net";
import { createTransport } from "nodemailer";
import type SMTPTransport from "nodemailer/lib/smtp-transport/index.js";
import { beginningOf } from "../../providers/core/cut-text.ts";
import { reasonOf } from "../../providers/core/errors.ts";
import { isLoopback } from "../../providers/core/http.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { orAborted } from "../../providers/core/or-aborted.ts";
import { printable } from "../../providers/core/printable.ts";
import { inSeconds } from "../../providers/core/time.ts";
import type { EmailTarget } from "../config/index.ts";
import type { Sender, SenderOptions } from "./sender.ts";
import { linesOf, titleOf } from "./words.ts";

const LONGEST_SUBJECT = 150;
const PORTS = { "smtp:": 587, "smtps:": 465 } as const;

export function emailSender({ to, from, smtp }: EmailTarget, { limitMs }: SenderOptions): Sender {
  const closing = new AbortController();

  /** A connection of our own for each: only so can a server be left that answers a little now and then, and one whose name DNS does not answer. */
  async function within<T>(signal: AbortSignal, work: (transport: ReturnType<typeof createTransport>) => Promise<T>): Promise<T> {
    const ends = joinSignals({ signals: [signal, closing.signal], limitMs, late: () => new Error(`no answer within ${inSeconds(limitMs)}`) });
    const options = optionsOf(smtp, limitMs);
    const connection = connect({ host: options.host, port: options.port });
    // Nodemailer listens only while it works, and an error that nobody listens to ends the process.
    connection.on("error", () => undefined);
    try {
      return await orAborted(once(connection, "connect").then(async () => work(createTransport({ ...options, connection }))), ends.signal);
    } finally {
      ends.leave();
      connection.destroy();
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
        return { kind: kindOf(error as SmtpError), error: told(error, ordering) };
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
      closing.abort(new Error("the service ends"));
    },
  };
}

interface SmtpError {
  readonly rejected?: readonly string[];
  readonly code?: string;
  readonly responseCode?: number;
}

/** Of nodemailer's errors, only that of a refused address lists it. 552 and 554 to the text itself: too much, or not wanted. */
function kindOf({ rejected, code, responseCode }: SmtpError): "refused" | "unfit" | "failed" {
  if (rejected !== undefined) return "refused";
  return code === "EMESSAGE" && (responseCode === 552 || responseCode === 554) ? "unfit" : "failed";
}

/** A password goes to another machine over TLS alone. */
function optionsOf(smtp: string, limitMs: number): SMTPTransport.Options & { readonly host: string; readonly port: number } {
  const { protocol, hostname, port, username, password } = new URL(smtp);
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    host, port: Number(port) || PORTS[protocol as keyof typeof PORTS], secure: protocol === "smtps:",
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) }, requireTLS: !isLoopback(hostname) }),
    connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs, disableFileAccess: true, disableUrlAccess: true,
  };
}

function told(error: unknown, address = ""): string {
  return beginningOf(printable([address, reasonOf(error)].filter(Boolean).join(": ")).replaceAll(/\s+/g, " "), 200);
}
