/** A file that the simulated VMs can download, and what comes of running it. */
export interface Artefact {
  url: string;
  /** Of the file's content, whatever a script expects. */
  sha256: string;
  version: string;
  /** Only for VMs of this host name; for every one if left out. */
  hostname?: string | undefined;
  downloads: boolean;
  /** Whether a conductor of it answers. */
  healthy: boolean;
}

/** What there is to download. Nothing else exists: no VM of the sandbox reaches the outside. */
export class Artefacts {
  #artefacts: Artefact[] = [];

  /** Replaces an earlier one for the same URL and host name. */
  add(artefact: Artefact): void {
    this.#artefacts = this.#artefacts.filter((one) => one.url !== artefact.url || one.hostname !== artefact.hostname);
    this.#artefacts.push(artefact);
  }

  /** undefined if the download fails. */
  download(url: string, hostname: string): Artefact | undefined {
    const fitting = this.#artefacts.filter((one) => one.url === url);
    const artefact = fitting.find((one) => one.hostname === hostname) ?? fitting.find((one) => one.hostname === undefined);
    return artefact?.downloads === true ? artefact : undefined;
  }

  clear(): void {
    this.#artefacts = [];
  }
}
