/** What is shown: sections of steps, each a line for the shell that is really run. */

export interface Step {
  /** Run by /bin/sh, and shown as it stands here. */
  readonly run: string;
  /** How it has to end; 0 unless told. Any other end stops the generator. */
  readonly exitCode?: number;
  /** Only lines that match are shown. */
  readonly only?: RegExp;
  /** The command of user-vps that it is about: where there is none of this name, the step is left out. */
  readonly command?: string;
  /** The other way round: left out where this command is there, because it tells the same better. */
  readonly unlessCommand?: string;
  /** What happens in the world before, and is told in the text above the step. */
  readonly before?: (world: TranscriptWorld) => Promise<void>;
  /** Stands above the step. */
  readonly text?: string;
}

export interface Section {
  readonly title: string;
  readonly text: string;
  readonly steps: readonly Step[];
}

export interface TranscriptWorld {
  /** `POST /sandbox/PATH`. */
  control(path: string, body: object): Promise<void>;
  /** Of the VM with this host name. */
  vmId(hostname: string): number;
}
