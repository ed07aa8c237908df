/** What is to be probed, and the shape of the answer. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { messageOf, UserVpsError } from "../core/errors.ts";

/** The stages in their order; `ok` when all are passed. */
export type Stage = "dns" | "tcp" | "tls" | "http" | "ok";

/** A stage's name for messages to people. */
export const STAGE_NAMES: Readonly<Record<Stage, string>> = { dns: "DNS", tcp: "TCP", tls: "TLS", http: "HTTP", ok: "healthy" };

export interface HealthTarget {
  readonly hostname: string;
  /** The IPv4 address that the name must resolve to, and that is connected to. */
  readonly address: string;
  /** The name leads nowhere, and no authority knows it: only whether something answers for it at the address. */
  readonly byAddress?: boolean | undefined;
  readonly port: number;
  /** Path of the request, beginning with `/`. */
  readonly path: string;
  readonly expectedStatus: number;
  /** DNS server to ask, as `address:port`; undefined: the ones of the system. */
  readonly resolver?: string | undefined;
  /** The authorities to trust; undefined: those of Node. */
  readonly trust?: SecureContext | undefined;
}

export interface ProbeResult {
  readonly healthy: boolean;
  /** The stage that was not passed, or `ok`. */
  readonly stage: Stage;
  /** What was expected and what was got; for `ok` a short confirmation. */
  readonly detail: string;
  readonly durationMs: number;
  /** Nothing was refused: there was no answer in time. */
  readonly timedOut?: boolean;
  readonly resolvedAddresses?: readonly string[];
  readonly certificateExpiresAt?: Date;
  /** HTTP status. */
  readonly status?: number;
}

/** Reads the authorities of a PEM file; they are trusted in place of Node's own. */
export async function readTrust(caFile: string): Promise<SecureContext> {
  try {
    const ca = await readFile(caFile);
    new X509Certificate(ca); // createSecureContext takes any text and then trusts nobody
    return createSecureContext({ ca });
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", `The CA file ${caFile} cannot be used: expected readable PEM, got: ${messageOf(error)}.`);
  }
}
