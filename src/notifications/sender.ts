/** What becomes of one try to deliver a message. */
import type { NotificationMessage } from "./messages.ts";

export type SendOutcome =
  | { readonly kind: "delivered" }
  /** @property retryAfterSeconds as the target asks for */
  | { readonly kind: "failed"; readonly error: string; readonly retryAfterSeconds?: number | undefined }
  /** It may be about this message, and would be so next time. */
  | { readonly kind: "unfit"; readonly error: string }
  /** The target answers, and does not take this one: others need not wait for it. */
  | { readonly kind: "refused"; readonly error: string }
  /** It wants nothing any more. */
  | { readonly kind: "gone"; readonly error: string };

export interface Sender {
  /** Ends within the limit, whatever the target does; throws only what the signal was aborted with. */
  send(message: Pick<NotificationMessage, "messageId" | "ordering" | "events">, signal: AbortSignal): Promise<SendOutcome>;
  /** Whether the target answers, without telling it anything; in words. */
  look(signal: AbortSignal): Promise<{ readonly answers: boolean; readonly said: string }>;
  close(): Promise<void>;
}

export interface SenderOptions {
  /** Of one try, all of it. */
  readonly limitMs: number;
}
