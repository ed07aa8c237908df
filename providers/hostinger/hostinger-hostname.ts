/** Whether it is none that a user was given: a VM has one like `srv17923.hstgr.cloud`, or none, until it is set up and after it is wiped. */
export function isHostingersOwn(hostname: string): boolean {
  return /^(srv\d+\.hstgr\.cloud)?$/.test(hostname);
}
