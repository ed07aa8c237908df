/** A folder that a test may fill, with shell scripts that pose as tools. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Scratch extends AsyncDisposable {
  readonly path: string;
  /** Writes an executable shell script and returns its path. */
  script(name: string, lines: string): Promise<string>;
}

export async function scratch(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), "user-vps-engine-"));
  return {
    path,
    async script(name, lines) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
