import { posix } from "node:path";
import type { Vm } from "../model.ts";

/** What a VM's files may hold together: they are kept in memory, and in the sandbox's file. */
export const MOST_BYTES = 4 * 1024 * 1024;
const HOME = "/root";
const DIRECTORIES = ["/", "/root", "/tmp", "/etc", "/opt", "/home"];
const LOG = "/post_install.log";

export interface FileEntry {
  path: string;
  isDirectory: boolean;
  content: Buffer;
  mode: number;
}

/** A VM's file system, as far as somebody has copied to it: nothing of it is on the machine that the sandbox is on. */
export class VmFiles {
  readonly #vm: Vm;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** Absolute; what is relative lies in root's home. */
  resolve(path: string): string {
    return posix.resolve(HOME, path === "" ? "." : path.replace(/^~(?=\/|$)/, HOME));
  }

  find(path: string): FileEntry | undefined {
    if (path === LOG && this.#vm.disk !== null) return { path, isDirectory: false, content: Buffer.from(this.#vm.disk.log), mode: 0o644 };
    const stored = this.#vm.files?.[path];
    if (stored !== undefined) return { path, isDirectory: stored.isDirectory === true, content: Buffer.from(stored.base64, "base64"), mode: stored.mode };
    return DIRECTORIES.includes(path) ? { path, isDirectory: true, content: Buffer.alloc(0), mode: 0o755 } : undefined;
  }

  isDirectory(path: string): boolean {
    return this.find(path)?.isDirectory === true;
  }

  list(directory: string): FileEntry[] {
    const paths = new Set([...DIRECTORIES, ...Object.keys(this.#vm.files ?? {}), LOG].filter((path) => path !== "/" && posix.dirname(path) === directory));
    return [...paths].sort().map((path) => this.find(path)).filter((entry) => entry !== undefined);
  }

  /** false: no such folder, or no room. */
  write(path: string, content: Buffer, mode = 0o644): boolean {
    const others = Object.entries(this.#vm.files ?? {}).filter(([other]) => other !== path).reduce((sum, [, { base64 }]) => sum + base64.length * 0.75, 0);
    if (!this.isDirectory(posix.dirname(path)) || this.isDirectory(path) || others + content.length > MOST_BYTES) return false;
    this.#vm.files = { ...this.#vm.files, [path]: { base64: content.toString("base64"), mode: mode & 0o7777 } };
    return true;
  }

  makeDirectory(path: string): boolean {
    if (this.find(path) !== undefined || !this.isDirectory(posix.dirname(path))) return false;
    this.#vm.files = { ...this.#vm.files, [path]: { base64: "", mode: 0o755, isDirectory: true } };
    return true;
  }

  /** false: not there, not of this kind, or not empty. */
  remove(path: string, kind: "file" | "directory"): boolean {
    if (this.#vm.files?.[path] === undefined || this.isDirectory(path) !== (kind === "directory") || this.list(path).length > 0) return false;
    const { [path]: _removed, ...rest } = this.#vm.files;
    this.#vm.files = rest;
    return true;
  }

  rename(from: string, to: string): boolean {
    const entry = this.find(from);
    if (entry === undefined || entry.isDirectory || this.find(to) !== undefined || !this.write(to, entry.content, entry.mode)) return false;
    return this.remove(from, "file");
  }
}
