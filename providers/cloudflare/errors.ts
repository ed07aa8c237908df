/** What Cloudflare's API tells of its own errors: `{success: false, errors: [{code, message}], …}`. */
import { z } from "zod";
import { shortened } from "../core/cut-text.ts";
import { jsonOrUndefined } from "../core/json.ts";

export interface ApiErrors {
  /** Of the first. */
  readonly code: number | undefined;
  /** For people: `: 10000 Authentication error`; empty if it says nothing. */
  readonly said: string;
}

const LONGEST_SAID = 300;
const MOST_SHOWN = 3;

const errorSchema = z.object({ code: z.number().optional().catch(undefined), message: z.string().catch("") });
const envelopeSchema = z.object({ success: z.boolean().optional().catch(undefined), errors: z.array(errorSchema).optional().catch(undefined) });

/**
 * undefined: it is no answer of the API, but of something in front of it, a firewall of Cloudflare's among it, which tells
 * programs of itself in JSON too. It says nothing about the token, the zone or the record.
 */
export function apiErrors(text: string): ApiErrors | undefined {
  const envelope = envelopeSchema.safeParse(jsonOrUndefined(text)).data;
  if (envelope?.success === undefined && envelope?.errors === undefined) return undefined;
  const errors = envelope.errors ?? [];
  const said = errors.slice(0, MOST_SHOWN).map(({ code, message }) => [code, message.replace(/[.?!]+$/, "")].filter(Boolean).join(" ")).filter(Boolean).join("; ");
  return { code: errors[0]?.code, said: said === "" ? "" : `: ${shortened(said, LONGEST_SAID)}` };
}
