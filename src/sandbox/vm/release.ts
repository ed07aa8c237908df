import { setTimeout as sleep } from "node:timers/promises";
import type { Disk, InstalledProgram, Vm } from "../model.ts";
import type { World } from "../world.ts";
import type { Artefacts } from "./artefacts.ts";
import { firstBootOf } from "./first-boot.ts";
import type { ReleaseOrder } from "./release-script.ts";
import { servingOf } from "./serving.ts";

/** What a command over SSH ended with. */
export interface CommandResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Does to the simulated VM what the script would do to a real one; two at a time wait for each other. */
export class Releases {
  readonly #world: World;
  readonly #artefacts: Artefacts;
  readonly #running = new Map<number, Promise<unknown>>();

  constructor(world: World, artefacts: Artefacts) {
    this.#world = world;
    this.#artefacts = artefacts;
  }

  perform(vm: Vm, order: ReleaseOrder): Promise<CommandResult> {
    const before = this.#running.get(vm.id) ?? Promise.resolve();
    const done = before.then(() => this.#perform(vm, order));
    this.#running.set(vm.id, done);
    return done;
  }

  async #perform(vm: Vm, order: ReleaseOrder): Promise<CommandResult> {
    const said: string[] = [];
    const end = (status: number, error = ""): CommandResult => ({ status, stdout: said.map((line) => `release ${order.version}: ${line}\n`).join(""), stderr: error && `RELEASE_FAILED: release ${order.version}: ${error}\n` });
    const disk = await firstBootOf(vm);
    if (disk === null) return end(1, "the post-install script has not come to its end.");
    const programs = (disk.programs ??= {});

    const fetched: { conductor?: InstalledProgram; cli?: InstalledProgram } = {};
    for (const name of ["conductor", "cli"] as const) {
      const wanted = order[name];
      if (wanted === null) continue;
      if (programs[name]?.sha256 === wanted.sha256) {
        said.push(`${name} is installed already`);
        continue;
      }
      const artefact = this.#artefacts.download(wanted.url, vm.hostname);
      if (artefact === undefined) return end(1, `${name} cannot be downloaded; nothing was changed.`);
      if (order.verifies && artefact.sha256 !== wanted.sha256) return end(1, `${name} has another checksum (SHA-256) than the release says; nothing was changed.`);
      fetched[name] = { version: artefact.version, sha256: artefact.sha256, healthy: artefact.healthy };
    }

    if (order.conductor !== null) {
      const failure = await this.#conductor(vm, disk, order, fetched.conductor);
      if (failure !== undefined) return end(1, failure);
      said.push("Conductor is installed and healthy");
    }
    if (fetched.cli) programs.cli = fetched.cli;
    this.#world.vmChanged(vm);
    said.push("done");
    return end(0);
  }

  /** Answers why it failed. */
  async #conductor(vm: Vm, disk: Disk, order: ReleaseOrder, fetched: InstalledProgram | undefined): Promise<string | undefined> {
    const programs = (disk.programs ??= {});
    const previous = programs.conductor;
    if (fetched && order.restarts) await this.#run(vm, () => Object.assign(programs, { conductor: fetched, previousConductor: previous }));
    if (!order.asksHealth || servingOf(vm)?.healthStatus === 200) return undefined;
    if (!fetched) return "Conductor was of this release already and does not answer GET /health; nothing was changed.";
    if (!order.rollsBack) return "Conductor is not healthy.";
    await this.#run(vm, () => (programs.conductor = previous));
    const healthy = servingOf(vm)?.healthStatus === 200;
    return healthy
      ? "Conductor was not healthy and was rolled back; the previous program runs and is healthy. Next: release a version that works."
      : "Conductor was not healthy and was rolled back, but the previous program does not answer either.";
  }

  /** Another program takes some time to start. */
  async #run(vm: Vm, change: () => void): Promise<void> {
    change();
    this.#world.vmChanged(vm);
    await sleep(this.#world.pace.actionMs);
  }
}
