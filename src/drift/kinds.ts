/** What a sweep can find, and what can be done about each. */

interface Kind {
  readonly meaning: string;
  /** `up` mends it without loss. `operator`: but it costs something, so it is not done automatically. */
  readonly repair: "automatic" | "operator" | "none";
  /** Why `up` does not mend it, and what does. */
  readonly why?: string;
  /** A preview with refresh looks at it too: where it finds nothing to do, this is over. */
  readonly inPreview?: true;
  /** While this is so, `up` would fail or be refused, so it mends nothing else of the user either. */
  readonly blocks?: true;
}

export const FINDING_KINDS = {
  VmGone: { meaning: "The VM does not exist any more.", repair: "none", inPreview: true, blocks: true, why: "only a purchase could bring one back. If it is lost for good, `user-vps replace USER` buys another one, without its data" },
  VmStopped: { meaning: "The VM is stopped.", repair: "automatic", inPreview: true },
  VmInError: { meaning: "The VM is in the state 'error', 'initial' or 'recovery', or for an hour at something that should have passed by itself.", repair: "none", inPreview: true, blocks: true, why: "`up` knows no way out of this state. Repair the VM, or end its recovery mode, in the Hostinger panel, then run `up`" },
  VmSuspended: { meaning: "Hostinger has suspended the VM.", repair: "none", inPreview: true, blocks: true, why: "Hostinger alone can end it. Settle the subscription or the abuse report in the Hostinger panel" },
  SuspendedUserRuns: { meaning: "The user is suspended, but the VM is running.", repair: "none", why: "`up` would be for a user who is not suspended. Stop the VM (`user-vps vm stop`), or resume the user" },
  VmUnreadable: { meaning: "The account lists a VM in a way that cannot be read, so nothing can be told of it.", repair: "none", why: "nobody knows what is there. Look at the VM in the Hostinger panel, and at the program's newest version: the API may have changed" },
  VmRenamed: { meaning: "The VM has another host name.", repair: "automatic", inPreview: true },
  VmPlanDiffers: { meaning: "The VM is of another plan.", repair: "none", inPreview: true, blocks: true, why: "going back would buy another VM. If the VM is right as it is, have its user's record say so (docs/runbook.md tells how)" },
  VmTemplateDiffers: { meaning: "The VM was installed from another template.", repair: "none", inPreview: true, blocks: true, why: "going back would wipe the VM. If it is right as it is, have its user's record say so (docs/runbook.md tells how); `user-vps recreate USER` wipes it and installs what is declared" },
  VmDataCenterDiffers: { meaning: "The VM is in another data center.", repair: "none", inPreview: true, blocks: true, why: "going back would buy another VM. If the VM is right as it is, have its user's record say so (docs/runbook.md tells how)" },
  VmAddressDiffers: { meaning: "The VM has another IPv4 address than recorded.", repair: "automatic", inPreview: true },
  RecordGone: { meaning: "The host name has no DNS record.", repair: "automatic", inPreview: true },
  RecordDiffers: { meaning: "The DNS record has another content, type or time to live.", repair: "automatic", inPreview: true },
  RecordProxied: { meaning: "The DNS record leads through Cloudflare's proxy.", repair: "automatic", inPreview: true },
  RecordDoubled: { meaning: "The host name has further DNS records.", repair: "none", why: "the further records belong to no stack, so `up` leaves them alone. Remove them in the zone" },
  Unhealthy: { meaning: "The VPS does not pass its health check, though VM and record are as declared.", repair: "none", why: "the stack is as declared, so `up` could only wait. Look at the stage: /post_install.log and the services on the VPS, or restart it" },
  OrphanVm: { meaning: "A VM of the account belongs to no user, whatever it is called, and is still running or renewed: money spent for nobody.", repair: "none", why: "no stack has it. Find out whose it is (docs/runbook.md, \"Money is spent for nobody\"), or stop it and switch its auto-renewal off in the Hostinger panel; or add its host name to those that are ignored (SWEEP_IGNORED_NAMES)" },
  OrphanRecord: { meaning: "A DNS record of the domain belongs to no user.", repair: "none", why: "no stack has it. Remove it from the zone, or add its name to those that are ignored" },
  AutoRenewalOff: { meaning: "The VM is in use, but will not be renewed.", repair: "operator", why: "switching it on commits to pay, so an operator has to ask for it" },
  PooledVmRenewed: { meaning: "A VM that waits in a pool is renewed, though no user has it yet.", repair: "automatic" },
  SubscriptionWithoutVm: { meaning: "A subscription of a VPS is renewed, but pays no VM.", repair: "none", why: "no stack has it. Find out in the Hostinger panel whether its VM is still to come; else switch its renewal off there" },
  VmWithoutSubscription: { meaning: "The VM is in use, but no subscription is known that pays it: it may end at any time.", repair: "none", why: "Hostinger alone knows what pays it. Look in the Hostinger panel, or ask its support" },
  SubscriptionEndsSoon: { meaning: "The VM is in use, and what pays it ends within two weeks and is not renewed.", repair: "none", why: "`up` cannot renew a subscription that is ending. Renew it in the Hostinger panel, or repair AutoRenewalOff if that is found as well" },
  PaymentMethodEnds: { meaning: "The account's payment method cannot pay the next renewals.", repair: "none", why: "no stack has it. Add another payment method in the Hostinger panel and make it the default" },
  ListDoubted: { meaning: "A list lost more than a small part of the fleet at once; it is not believed until the next sweep finds the same.", repair: "none", why: "nothing is known to be wrong with the VPSs. Wait for the next sweep, or ask for one; if it recurs, look into the Hostinger or Cloudflare panel" },
  ProberDoubted: { meaning: "Many health checks timed out at once: more likely the worker's machine or network than the VPSs.", repair: "none", why: "nothing is known to be wrong with the VPSs. Look at the worker's load and network" },
  StackWithoutRecord: { meaning: "A stack has no row in user_vps.", repair: "none", why: "nobody knows whose it is. Have its user sign up under this name, or `pulumi destroy` it" },
  PoolMemberSetAside: { meaning: "A VM that waited in a pool did not come to be the user's who was to have it; the user has got another one.", repair: "none", why: "no stack has it. Look at the VM in the Hostinger panel: what is wrong with it may be wrong with others of the pool. It is paid until its term ends, and not renewed" },
  RecordWithoutStack: { meaning: "A user is recorded as ready, but has no stack.", repair: "none", blocks: true, why: "`up` would make new credentials over a VPS in use. Restore the state backend from its backup first" },
} as const satisfies Record<string, Kind>;

export type FindingKind = keyof typeof FINDING_KINDS;
export const FINDING_KIND_NAMES = Object.keys(FINDING_KINDS) as [FindingKind, ...FindingKind[]];

export function kindOf(kind: FindingKind): Kind {
  return FINDING_KINDS[kind];
}
