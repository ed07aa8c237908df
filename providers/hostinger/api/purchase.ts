/**
 * POST /api/vps/v1/virtual-machines: the one call that costs money and is not idempotent. It is
 * sent again only after an attempt that certainly changed nothing.
 */

import { z } from "zod";

import { UserVpsError } from "../../core/errors.ts";
import { idSchema } from "./fields.ts";
import { jsonOrUndefined } from "./failures.ts";
import { setupBody, setupSecrets, type SetupRequest } from "./setup-request.ts";
import { CallFailure, type CallOptions, type HostingerTransport } from "./transport.ts";
import { virtualMachineSchema, type VirtualMachine } from "./virtual-machine.ts";

/** OpenAPI, `VPS.V1.VirtualMachine.PurchaseRequest`. */
export interface PurchaseRequest {
  /** `hostingercom-vps-kvm1-usd-1m` */
  readonly itemId: string;
  /** The account's default if missing. */
  readonly paymentMethodId?: number;
  readonly coupons?: readonly string[];
  readonly setup: SetupRequest;
}

export interface PurchaseResult {
  readonly orderId: string | undefined;
  readonly virtualMachineId: number | undefined;
  readonly subscriptionId: string | undefined;
  /** `completed`, `pending`, `processing`, `failed`, `awaiting_payment`, … */
  readonly orderStatus: string | undefined;
  readonly virtualMachine: VirtualMachine | undefined;
}

/** It was sent, and whether it took effect is not known: look for the VM before anything else. */
export class PurchaseUncertainError extends UserVpsError {
  constructor(message: string, details: { status?: number; correlationId?: string; cause?: unknown } = {}) {
    super("PURCHASE_UNCERTAIN", message, details);
  }
}

const CALL = { method: "POST", path: "/api/vps/v1/virtual-machines" } as const;

/**
 * Buys, or throws: `PurchaseUncertainError` if the outcome is unknown; any other error means that
 * nothing was bought (PAYMENT_REFUSED, API_REJECTED, API_UNAUTHORIZED, …; API_RATE_LIMITED and
 * API_UNREACHABLE only after `timeoutMs` of trying). Nothing of it is in flight after `timeoutMs`.
 */
export async function purchase(transport: HostingerTransport, request: PurchaseRequest, call: CallOptions & { timeoutMs: number }): Promise<PurchaseResult> {
  const body = {
    item_id: request.itemId,
    payment_method_id: request.paymentMethodId,
    coupons: request.coupons,
    setup: setupBody(request.setup),
  };
  try {
    const answer = await transport.exchange({ ...CALL, body, secrets: setupSecrets(request.setup), single: true }, call);
    return purchaseResult(jsonOrUndefined(answer.text), answer.status);
  } catch (error) {
    throw error instanceof CallFailure ? outcomeOf(error) : error;
  }
}

const PAYMENT_WORDS = /payment|\bcard\b|declined|insufficient funds/i;

function outcomeOf({ failure, withoutEffect }: CallFailure): Error {
  const { error, said, status } = failure;
  const reference = error instanceof UserVpsError && error.correlationId ? { correlationId: error.correlationId } : {};
  if (!withoutEffect) {
    return new PurchaseUncertainError(`The purchase was sent, but its outcome is unknown: ${said}`, {
      ...(status !== undefined && { status }),
      ...reference,
      cause: error,
    });
  }
  const aboutPayment = status === 402 || (status === 422 && PAYMENT_WORDS.test(said));
  return aboutPayment ? new UserVpsError("PAYMENT_REFUSED", said, { status, ...reference }) : error;
}

const orderSchema = z.object({
  id: z.union([z.int(), z.string()]),
  subscription_id: z.string().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
});

/** `{order, virtual_machine}` as the API answers, and the specification's `{order_id, virtual_machine_id, status}`. */
const answerSchema = z.object({
  order: orderSchema.optional().catch(undefined),
  virtual_machine: z.looseObject({ id: idSchema }).optional().catch(undefined),
  order_id: z.union([z.int(), z.string()]).optional().catch(undefined),
  virtual_machine_id: idSchema.optional().catch(undefined),
  status: z.string().optional().catch(undefined),
});

function purchaseResult(json: unknown, status: number): PurchaseResult {
  const answer = answerSchema.safeParse(json).data;
  const orderId = answer?.order?.id ?? answer?.order_id;
  const virtualMachineId = answer?.virtual_machine?.id ?? answer?.virtual_machine_id;
  if (!answer || (orderId === undefined && virtualMachineId === undefined)) {
    throw new PurchaseUncertainError(`The purchase was answered with ${status}, but with neither an order nor a VM.`, { status });
  }
  const virtualMachine = virtualMachineSchema.safeParse(answer.virtual_machine).data;
  return {
    orderId: orderId === undefined ? undefined : String(orderId),
    virtualMachineId,
    subscriptionId: answer.order?.subscription_id ?? virtualMachine?.subscriptionId ?? undefined,
    orderStatus: answer.order?.status ?? answer.status,
    virtualMachine,
  };
}
