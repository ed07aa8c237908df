/**
 * POST /api/vps/v1/virtual-machines: the one call that costs money and is not idempotent. It is
 * sent again only after an attempt that certainly changed nothing. What became of it is a value.
 */

import { z } from "zod";

import { UserVpsError } from "../../core/errors.ts";
import { jsonOrUndefined } from "../../core/json.ts";
import { idSchema } from "./fields.ts";
import { setupBody, setupSecrets, type SetupRequest } from "./setup-request.ts";
import { virtualMachineSchema, type VirtualMachine } from "./virtual-machine.ts";
import { CallFailure, type CallOptions, type HostingerTransport } from "./transport.ts";

/** OpenAPI, `VPS.V1.VirtualMachine.PurchaseRequest`. */
export interface PurchaseRequest {
  /** `hostingercom-vps-kvm1-usd-1m` */
  readonly itemId: string;
  /** The account's default if missing. */
  readonly paymentMethodId?: number;
  readonly coupons?: readonly string[];
  readonly setup: SetupRequest;
}

/** An order that stands, as far as the answer tells of it. */
export interface Ordered {
  readonly orderId: string | undefined;
  readonly subscriptionId: string | undefined;
  /** `completed`, `pending`, `processing`, `awaiting_payment`, `payment_initiated`, … */
  readonly orderStatus: string | undefined;
}

export type PurchaseOutcome =
  /** `vm`: as the answer shows it, if it does so completely. */
  | ({ readonly kind: "named"; readonly vmId: number; readonly vm?: VirtualMachine } & Ordered)
  /** The order stands; payment, or the VM, comes later. */
  | ({ readonly kind: "accepted" } & Ordered)
  /**
   * This very call was refused: PAYMENT_REFUSED, API_REJECTED, API_UNAUTHORIZED, … Payment and setup are two steps of it, so
   * what may have been refused is the second one. `subscriptionId`: of an order that is said to have come to nothing.
   */
  | { readonly kind: "refused"; readonly error: UserVpsError; readonly subscriptionId?: string | undefined }
  /** No attempt has reached Hostinger, or was let in: API_RATE_LIMITED, API_UNREACHABLE, API_TIMEOUT, CANCELLED. */
  | { readonly kind: "notSent"; readonly error: Error }
  /** Everything else. `said`: what happened, as a sentence without secrets. */
  | { readonly kind: "unknown"; readonly said: string };

const CALL = { method: "POST", path: "/api/vps/v1/virtual-machines" } as const;

/** Never throws for what the API, the network or the signal does. Nothing of it is in flight after `timeoutMs`. */
export async function purchase(transport: HostingerTransport, request: PurchaseRequest, call: CallOptions & { timeoutMs: number }): Promise<PurchaseOutcome> {
  const body = {
    item_id: request.itemId,
    payment_method_id: request.paymentMethodId,
    coupons: request.coupons,
    setup: setupBody(request.setup),
  };
  try {
    const answer = await transport.exchange({ ...CALL, body, secrets: setupSecrets(request.setup), single: true }, call);
    return outcomeOfAnswer(jsonOrUndefined(answer.text), answer.status);
  } catch (error) {
    if (error instanceof CallFailure) return outcomeOfFailure(error);
    throw error;
  }
}

const PAYMENT_WORDS = /payment|\bcard\b|declined|insufficient funds/i;
const TOO_MANY_REQUESTS = 429;

function outcomeOfFailure({ failure, withoutEffect }: CallFailure): PurchaseOutcome {
  const { error, said, status } = failure;
  const correlationId = error instanceof UserVpsError ? error.correlationId : undefined;
  if (!withoutEffect) return { kind: "unknown", said: correlationId === undefined ? said : `${said} (correlation id ${correlationId})` };
  if (status === undefined || status === TOO_MANY_REQUESTS || !(error instanceof UserVpsError)) return { kind: "notSent", error };
  const aboutPayment = status === 402 || (status === 422 && PAYMENT_WORDS.test(said));
  if (!aboutPayment) return { kind: "refused", error };
  return { kind: "refused", error: new UserVpsError("PAYMENT_REFUSED", said, { status, ...(correlationId !== undefined && { correlationId }) }) };
}

const numberSchema = z.union([z.int(), z.string().min(1)]).transform(String);
/** One that cannot be read must not hide the subscription beside it. */
const vmIdSchema = z.union([idSchema, z.string().regex(/^\d+$/).transform(Number).pipe(idSchema)]).optional().catch(undefined);
const textSchema = z.string().min(1).optional().catch(undefined);

const orderSchema = z.object({ id: numberSchema.optional().catch(undefined), subscription_id: textSchema, status: textSchema });

/**
 * `{order, virtual_machine}` as the API answers with 200, `{id, subscription_id, status, message}`
 * with 202 (`Billing.V1.Order.PaymentProcessingResource`), and the specification's
 * `{order_id, virtual_machine_id, status}`.
 */
const answerSchema = z.object({
  order: orderSchema.optional().catch(undefined),
  virtual_machine: z.looseObject({ id: vmIdSchema, subscription_id: textSchema }).optional().catch(undefined),
  order_id: numberSchema.optional().catch(undefined),
  virtual_machine_id: vmIdSchema,
  id: numberSchema.optional().catch(undefined),
  subscription_id: textSchema,
  status: textSchema,
});

/** Orders that come to nothing (`Billing.V1.Order.OrderResource`, `status`). */
const NOT_PAID: ReadonlySet<string> = new Set(["failed", "refunded", "cancelled", "fraud_refund"]);
/** Of a body that has no `order`: without one of these, its `id` may be anything's. */
const ORDER_STATES: ReadonlySet<string> = new Set([...NOT_PAID, "completed", "pending", "processing", "awaiting_payment", "payment_initiated"]);

function outcomeOfAnswer(json: unknown, status: number): PurchaseOutcome {
  const answer = answerSchema.safeParse(json).data;
  const vm = virtualMachineSchema.safeParse(answer?.virtual_machine).data;
  const vmId = answer?.virtual_machine?.id ?? answer?.virtual_machine_id;
  const orderStatus = answer?.order?.status ?? answer?.status;
  const isOrder = orderStatus !== undefined && ORDER_STATES.has(orderStatus);
  const ordered: Ordered = {
    orderId: answer?.order?.id ?? answer?.order_id ?? (isOrder ? answer?.id : undefined),
    subscriptionId: answer?.order?.subscription_id ?? answer?.virtual_machine?.subscription_id ?? answer?.subscription_id,
    orderStatus,
  };
  const isNamed = ordered.orderId !== undefined || ordered.subscriptionId !== undefined;
  if (orderStatus !== undefined && NOT_PAID.has(orderStatus) && isNamed) {
    // An order that came to nothing and yet a VM: what of it is true, nobody can know.
    if (vmId !== undefined) return { kind: "unknown", said: `The purchase was answered with ${status}, VM ${vmId} and an order that is '${orderStatus}'.` };
    return { kind: "refused", subscriptionId: ordered.subscriptionId, error: new UserVpsError("PAYMENT_REFUSED", `Order ${ordered.orderId ?? "without a number"} is '${orderStatus}'.`, { status }) };
  }
  if (vmId !== undefined) return { kind: "named", vmId, ...(vm?.id === vmId && { vm }), ...ordered };
  if (isNamed) return { kind: "accepted", ...ordered };
  return { kind: "unknown", said: `The purchase was answered with ${status}, but with neither an order nor a VM.` };
}
