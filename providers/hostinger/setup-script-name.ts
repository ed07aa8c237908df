const PREFIX = "spoq-conductor-setup ";

/** Of the script that installs one user's VM. A host name is one stack's, and so is the name. */
export function setupScriptName(hostname: string): string {
  return PREFIX + hostname;
}

export function isSetupScriptName(name: string): boolean {
  return name.startsWith(PREFIX);
}
