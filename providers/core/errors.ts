/**
 * The one catalogue of error codes: what each means, whether trying again can help, and what
 * to do next. Everything that fails on purpose fails with one of these (rule 5).
 */

/** `backoff`: try again later by itself. `park`: somebody has to change something first. */
export type Retry = "backoff" | "park";

interface CatalogueEntry {
  /** What happened, in general. */
  readonly meaning: string;
  readonly retry: Retry;
  /** What a person does about it, unless the error itself says it better. */
  readonly next: string;
}

export const ERROR_CATALOGUE = {
  CONFIG_INVALID: { meaning: "A setting is missing or malformed.", retry: "park", next: "Correct the settings that the message names." },
  INPUT_INVALID: { meaning: "A value that was handed in cannot be used.", retry: "park", next: "Correct the value that the message names." },
  USERNAME_INVALID: { meaning: "The user name is not a lower-case DNS label, or it is reserved.", retry: "park", next: "Choose 1 to 63 characters of a-z, 0-9 and '-' that no service name uses." },
  USERNAME_TAKEN: { meaning: "Another user has this user name.", retry: "park", next: "Choose another user name." },
  CERTIFICATE_FORBIDDEN: { meaning: "A CAA record forbids the certificate authority of the VPSs to make a certificate for the host name; nothing was bought.", retry: "park", next: "Allow the authority by a CAA record, or remove the one that the message names." },
  NAME_IN_USE: { meaning: "The zone holds a record of the host name that is somebody else's; nothing was bought.", retry: "park", next: "Choose another name, or remove the record that the message names if nobody needs it." },
  VPS_EXISTS: { meaning: "The user has a VPS that this service did not make.", retry: "park", next: "Have an operator look at the user's row in user_vps; nothing was bought." },
  SCRIPT_TOO_LARGE: { meaning: "A post-install script is over Hostinger's limit of 48 KB.", retry: "park", next: "Shorten the script; download large parts at run time." },
  SCRIPT_VALUE_UNREPRESENTABLE: { meaning: "A value cannot be written safely into the post-install script.", retry: "park", next: "Remove the characters that the message names." },

  API_UNAUTHORIZED: { meaning: "The API does not accept the token.", retry: "park", next: "Check the token and its permissions." },
  API_FORBIDDEN: { meaning: "The token lacks a permission, or the address is blocked.", retry: "park", next: "Give the token the permission, or wait until the block ends." },
  API_NOT_FOUND: { meaning: "The API does not know the object.", retry: "park", next: "Check the id; of a stack, a preview with refresh shows what is left." },
  API_REJECTED: { meaning: "The API refused the request as invalid.", retry: "park", next: "Correct the fields that the message names." },
  API_RATE_LIMITED: { meaning: "The API's rate limit held for longer than the time limit.", retry: "backoff", next: "It is tried again later; lower the number of workers if it recurs." },
  API_UNAVAILABLE: { meaning: "The API answered with a server error until the time limit.", retry: "backoff", next: "It is tried again later; see the provider's status page." },
  API_UNREACHABLE: { meaning: "No connection to the API, or it broke off.", retry: "backoff", next: "Check network, DNS and proxy; it is tried again later." },
  API_TIMEOUT: { meaning: "The API did not answer within the time limit.", retry: "backoff", next: "It is tried again later." },
  API_WITHOUT_EFFECT: { meaning: "The API said yes, and nothing is different.", retry: "backoff", next: "It is tried again later; if it stays so, do it in the provider's panel and ask its support." },
  API_ANSWER_UNREADABLE: { meaning: "What answered did not answer as the API does: with a page, or JSON of another, in place of its own, cut off, or too much.", retry: "backoff", next: "It is tried again later; if it stays so, see the provider's status page, and who answers at the base URL (a proxy, a maintenance page)." },
  API_LIST_INCOMPLETE: { meaning: "A list of the API could not be read to its certain end, and what it does not show may be what matters.", retry: "backoff", next: "It is tried again later; report the list's pages if it recurs." },
  API_ANSWER_UNEXPECTED: { meaning: "The API's answer lacks something that is relied on.", retry: "backoff", next: "It is tried again later; if it stays so, report the answer's shape: the API may have changed." },

  PAYMENT_REFUSED: { meaning: "Hostinger refused the purchase because of the payment.", retry: "park", next: "Check the payment method in the Hostinger panel, then try again." },
  PURCHASE_UNCERTAIN: { meaning: "A purchase was sent, and nothing tells whether it bought a VM.", retry: "park", next: "Look into the orders in the Hostinger panel, then decide: `user-vps resolve USER --vm ID --reason WHY`, or with `--buy-again` or `--give-up` (docs/runbook.md); nothing is bought meanwhile." },
  AWAITING_PAYMENT: { meaning: "Hostinger has accepted the order; its payment or its VM is still to come.", retry: "backoff", next: "Nothing, unless Hostinger asks for something in its panel: the next `up` goes on with the same order." },
  PURCHASE_NOT_ALLOWED: { meaning: "Buying a VM here needs an explicit permission.", retry: "park", next: "Set the switch that the message names, if a purchase is meant." },
  VM_NOT_OURS: { meaning: "A VM of this host name exists, and nothing but its name ties it to this stack.", retry: "park", next: "If it is meant to be this stack's, `pulumi config set importVmId ID` (in the service: docs/runbook.md); else give it another host name." },
  PLAN_NOT_ALLOWED: { meaning: "The user may not have this plan.", retry: "park", next: "Ask for a plan that the message names, or change the token's claim vps_plans or ALLOWED_PLANS." },
  ZONE_FULL: { meaning: "The DNS zone has as many records as Cloudflare's plan allows.", retry: "backoff", next: "Remove records from the zone, or take a larger plan at Cloudflare; it is tried again by itself." },
  VM_MISMATCH: { meaning: "The VM is not as declared, or has another host name than its user.", retry: "park", next: "Declare it as it is, or give that VM up first." },
  VM_ERROR: { meaning: "Hostinger reports the VM in the state 'error'.", retry: "park", next: "Repair the VM in the Hostinger panel, then run `up` again: it goes on with the same VM." },
  VM_SUSPENDED: { meaning: "Hostinger has suspended the VM.", retry: "park", next: "Settle the subscription or the abuse report in the Hostinger panel, then run `up` again." },
  VM_LOCKED: { meaning: "The VM is locked by another action that does not end.", retry: "backoff", next: "Wait for the action to end, then run `up` again." },
  VM_GONE: { meaning: "The VM does not exist any more.", retry: "park", next: "If it is lost for good, `user-vps replace USER` buys the user another one; for a stack of your own, set the switch that the message names." },
  VM_NOT_FOUND: { meaning: "Hostinger does not find the VM, but its list of VMs has it, or may have it.", retry: "backoff", next: "It is tried again later; if it stays so, ask Hostinger's support." },
  VM_NOT_RUNNING: { meaning: "The VM did not reach the state 'running' within the time limit.", retry: "backoff", next: "Run `up` again: it goes on waiting for the same VM." },
  NOT_YET: { meaning: "What the run waits for is not there yet; it takes minutes by itself.", retry: "backoff", next: "Nothing: it goes on by itself when it is there." },
  VM_ACTION_FAILED: { meaning: "An action on the VM ended in the state 'error'.", retry: "backoff", next: "Look at the VM's actions, then run `up` again." },
  CHANGE_REFUSED: { meaning: "The change would wipe the user's VM or buy another one.", retry: "park", next: "Undo the change, or allow it: in the service by `user-vps recreate` or `replace`, for a stack of your own with the switch that the message names." },
  DELETION_PROTECTED: { meaning: "The resource is protected from deletion.", retry: "park", next: "Switch the protection off explicitly first." },

  HEALTH_CHECK_FAILED: { meaning: "The VPS did not become healthy within the time limit.", retry: "backoff", next: "Look at the stage that the message names; `user-vps logs` reads /post_install.log on the VPS and tells how far the script came." },
  SSH_UNREACHABLE: { meaning: "The VPS's SSH server does not answer.", retry: "backoff", next: "Check that the VPS runs and that no firewall is in the way; it is tried again later." },
  SSH_HOST_KEY_WRONG: { meaning: "The VPS's SSH server has another key than the one that is pinned; nothing secret was sent to it.", retry: "park", next: "If the VM was wiped or replaced by hand, set the stack's setting sshHostKey to the new key; else find out who answers at that address." },
  SSH_LOGIN_REFUSED: { meaning: "The VPS's SSH server lets nobody in with the password or key that is known.", retry: "park", next: "Check SSH_PRIVATE_KEY, and whether root's password was changed on the VPS." },
  HANDOVER_FAILED: { meaning: "What is left of a pool on a VM could not be removed from it.", retry: "backoff", next: "It is tried again by itself, then with another VPS; look at the one that the message names over SSH." },
  FIRST_BOOT_FAILED: { meaning: "The post-install script stopped on the VPS.", retry: "park", next: "Mend what its last lines tell and run `bash /post_install &>> /post_install.log` on the VPS as root, then retry; `user-vps logs USER --boot` shows all of the log." },
  CERTIFICATE_RATE_LIMITED: { meaning: "The certificate authority refuses the VPS a certificate for a rate limit.", retry: "backoff", next: "Set ACME_EMAIL, with which Caddy goes to a second authority, and rotate the user's credentials, which brings it to the VPS; or wait until the time that the authority names." },
  SCRIPT_LOG_MISSING: { meaning: "The VPS has no /post_install.log that can be read.", retry: "backoff", next: "Its first boot may not have come to the script yet; else see whether the VM has a post-install script." },
  RELEASE_EXISTS: { meaning: "There is a release of this version already, with other programs.", retry: "park", next: "Give a new release a version of its own." },
  ROLL_OUT_OPEN: { meaning: "Another roll-out goes on; there is one at a time.", retry: "park", next: "Let it end, or cancel it." },
  RELEASE_TIMED_OUT: { meaning: "A release did not come to its end on the VPS within the time limit.", retry: "backoff", next: "See the run's log for where it hangs, then release to this VPS again." },
  RELEASE_FAILED: { meaning: "A release could not be installed on the VPS, or was not healthy there and was rolled back.", retry: "park", next: "Release a version that works." },

  CONFIGURATION_FAILED: { meaning: "New credentials or another host name could not be brought to the VPS.", retry: "backoff", next: "Do what the message says on the VPS, then run `up` again." },

  DATABASE_FAILED: { meaning: "PostgreSQL cannot be reached or started.", retry: "backoff", next: "Check DATABASE_URL, and that PostgreSQL runs and lets this user in." },
  ENGINE_MISSING: { meaning: "There is no usable Pulumi engine.", retry: "park", next: "Install Pulumi, allow its download, or install Go." },
  ENGINE_FAILED: { meaning: "The Pulumi engine ended with an error.", retry: "backoff", next: "Read the run's log." },
  RUN_LOST: { meaning: "A run ended without a word: its worker died or lost its hold on the user.", retry: "backoff", next: "It is started again by itself; nothing is bought twice." },
  STACK_LOCKED: { meaning: "Another update of the stack is running.", retry: "backoff", next: "Wait for it; if its process is gone, `pulumi cancel` removes the lock." },
  STACK_WITHOUT_VM: { meaning: "The user is ready, but the stack that should have the VM is not there, or has none.", retry: "park", next: "Restore the state backend from its backup, or set STATE_BACKEND_URL to where the stacks' state is (`user-vps doctor` tells what is found)." },
  SANDBOX_ONLY: { meaning: "A sandbox stand-in was pointed at something that is not on loopback.", retry: "park", next: "Install the real plugin for use with a real API." },
  RUN_TIMED_OUT: { meaning: "A run took longer than RUN_LIMIT_MINUTES and was ended.", retry: "backoff", next: "It is tried again by itself; read the run's log for what it waited for." },
  CANCELLED: { meaning: "The run was cancelled.", retry: "park", next: "Start it again when it is wanted." },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export interface ErrorDetails {
  /** Overrides the catalogue's general advice. */
  readonly next?: string;
  /** HTTP status of the answer that caused it. */
  readonly status?: number;
  /** Hostinger's `correlation_id`, for its support. */
  readonly correlationId?: string;
  readonly cause?: unknown;
}

/**
 * A failure with a code of the catalogue. The message is for people, holds no secret, and ends
 * with what to do next; it never carries a request or an answer as a whole.
 */
export class UserVpsError extends Error {
  override readonly name = "UserVpsError";
  readonly code: ErrorCode;
  readonly next: string;
  readonly status: number | undefined;
  readonly correlationId: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const next = details.next ?? ERROR_CATALOGUE[code].next;
    const reference = details.correlationId ? ` (correlation id ${details.correlationId})` : "";
    super(`${code}: ${message}${reference} Next: ${next}`, { cause: details.cause });
    this.code = code;
    this.next = next;
    this.status = details.status;
    this.correlationId = details.correlationId;
  }

  get retry(): Retry {
    return ERROR_CATALOGUE[this.code].retry;
  }

  /** Without the code in front and the advice behind, for whoever shows those beside it. */
  get bareMessage(): string {
    return this.message.slice(this.code.length + 2, -` Next: ${this.next}`.length).trim();
  }
}

/** The first code of the catalogue that a text names, as engine output does; undefined if none. */
export function codeInText(text: string): ErrorCode | undefined {
  for (const match of text.matchAll(/\b([A-Z][A-Z_]+[A-Z]):/g)) {
    if (match[1] && match[1] in ERROR_CATALOGUE) return match[1] as ErrorCode;
  }
  return undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An AggregateError, as of a refused connection, has no message of its own. */
export function reasonOf(error: unknown): string {
  return messageOf(error) || ((error as { code?: string }).code ?? "unknown error");
}

export interface ErrorWords {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

/** Any error, as people and programs are told of it. */
export function wordsOf(error: unknown): ErrorWords {
  if (error instanceof UserVpsError) return { code: error.code, message: error.bareMessage, next: error.next };
  return { code: "UNEXPECTED", message: reasonOf(error), next: "Run it again with --verbose, and report what it says." };
}
