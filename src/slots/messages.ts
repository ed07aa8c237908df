/** Between a worker and the process of a slot. */

export type ToSlot =
  /** A run begins. */
  | {
    readonly kind: "begin";
    /** A stand-in serves for Cloudflare's plugin. */
    readonly standIns: boolean;
    /** What the program gets to see of the environment, and the providers do not. */
    readonly programEnv: Readonly<Record<string, string | undefined>>;
    /** What the providers get to see of the environment in this run alone. */
    readonly providerEnv: Readonly<Record<string, string>>;
  }
  | { readonly kind: "end"; readonly failed: boolean };

export type FromSlot =
  | { readonly kind: "begun"; readonly program: string; readonly providers: string }
  /** With what the program has put out, if the run has made it known. Secrets among it are in plain text. */
  | { readonly kind: "ended"; readonly outputs?: Readonly<Record<string, unknown>> };
