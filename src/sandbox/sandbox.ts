import type { StateView } from "./control/state-view.ts";
import type { FaultRule } from "./http/faults.ts";

export interface SandboxOptions {
  /** A loopback address; 127.0.0.1 if left out. */
  host?: string;
  /** Ports; 0 (the default) takes any that is free, or the one of the last run if there is a `persistFile`. */
  apiPort?: number;
  dnsPort?: number;
  httpsPort?: number;
  sshPort?: number;
  /** From the purchase of a VM until it runs. Default 400. */
  bootMs?: number;
  /** From running until the post-install script has ended and /health answers. Default 300. */
  scriptMs?: number;
  /** From the start of any other action of a VM to its end. Default 100. */
  actionMs?: number;
  /** The zone; spoq.dev if left out. */
  domain?: string;
  /** Where the world is kept over restarts; it holds scripts and the CA's key, readable by the owner alone. */
  persistFile?: string;
  /** Folder for `ca.pem`; a temporary one, removed at the end, if left out. */
  dataDir?: string;
}

export interface Sandbox {
  hostingerUrl: string;
  /** With `/client/v4`. */
  cloudflareUrl: string;
  /** With `/sandbox`. */
  controlUrl: string;
  /** `address:port` of the authoritative name server. */
  resolver: string;
  caFile: string;
  caPem: string;
  /** The port on which every VM serves HTTPS. */
  httpsPort: number;
  /** The port on which every VM has its SSH server. */
  sshPort: number;
  hostingerToken: string;
  cloudflareToken: string;
  zoneId: string;
  domain: string;
  /** What a program needs in its environment to use the sandbox instead of the real APIs. */
  env: Record<string, string>;
  state: () => StateView;
  /** Answers the rule's id. */
  addFault: (rule: FaultRule) => number;
  clearFaults: () => void;
  /** Removes everything that was bought or made, and all faults, plans and settings. */
  reset: () => void;
  close: () => Promise<void>;
}
