/** A Debian root file system on which the post-install script is run as Hostinger runs it, and looked at afterwards. */

import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installRecorders, RECORDER_PATH } from "./rootfs-recorders.ts";
import { listing, type Rootfs, unpackRootfs } from "./rootfs.ts";

/** Every folder in which the script, or a mistake in it, could leave something. */
const FOLDERS = ["etc", "home", "opt", "root", "srv", "tmp", "usr", "var/lib", "var/spool", "var/tmp"];

export interface Run {
  readonly status: number | null;
  /** /post_install.log. */
  readonly log: string;
}

export class Machine {
  readonly #rootfs: Rootfs;

  constructor() {
    this.#rootfs = unpackRootfs();
    installRecorders(this.#rootfs.dir);
  }

  get dir(): string {
    return this.#rootfs.dir;
  }

  /** As Hostinger does it: saved as /post_install, executed, its output in /post_install.log. */
  boot(script: string): Run {
    writeFileSync(this.path("post_install"), script);
    chmodSync(this.path("post_install"), 0o755);
    return this.#logged("/post_install");
  }

  /** As an operator does it after a failure. */
  runAgain(): Run {
    return this.#logged("bash /post_install");
  }

  #logged(command: string): Run {
    writeFileSync(this.path("post_install.log"), "");
    chmodSync(this.path("post_install.log"), 0o644);
    const { status, stdout, stderr } = this.#rootfs.run(["/bin/bash", "-c", `${command} > /post_install.log`], { PATH: RECORDER_PATH });
    assert.equal(stdout + stderr, "", "everything goes to the log");
    return { status, log: this.read("post_install.log") };
  }

  /** Whether `password` is that of the user spoq, by the root file system's own libcrypt. */
  accepts(password: string): boolean {
    const check = "my $hash = (getpwnam 'spoq')[1]; local $/; my $given = <STDIN>; exit(crypt($given, $hash) eq $hash ? 0 : 1)";
    const { status, stderr } = this.#rootfs.run(["/usr/bin/perl", "-e", check], {}, password);
    assert.equal(stderr, "");
    return status === 0;
  }

  run(...argv: string[]): { status: number | null; stdout: string } {
    return this.#rootfs.run(argv, { PATH: "/usr/sbin:/usr/bin" });
  }

  path(path: string): string {
    return join(this.dir, path);
  }

  read(path: string): string {
    return readFileSync(this.path(path), "utf8");
  }

  /** `mode owner:group` of a path, with the names that the root file system gives them. */
  access(path: string): string {
    return this.run("stat", "-c", "%a %U:%G", `/${path}`).stdout.trim();
  }

  /** chpasswd salts anew each time, so the hash of spoq alone may differ between two runs. */
  listing(): Map<string, string> {
    return listing(this.dir, FOLDERS, (path, content) =>
      /^etc\/shadow-?$/.test(path) ? content.toString().replace(/^spoq:[^:]+:/m, "spoq:HASH:") : content);
  }

  remove(): void {
    this.#rootfs.remove();
  }
}
