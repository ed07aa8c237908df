import { posix } from "node:path";
import type { ServerChannel } from "ssh2";
import { MOST_BYTES } from "./files.ts";
import type { VmFiles } from "./files.ts";

const OK = Buffer.from([0]);

/** `scp -t PATH` or `scp -f PATH`, as the older scp and `scp -O` ask for; undefined for another command. */
export function scpOrder(command: string): { direction: "to" | "from"; path: string } | undefined {
  const match = /^scp\s+(?:-[a-zA-Z]+\s+)*-([a-zA-Z]*[tf][a-zA-Z]*)\s+(?:-[a-zA-Z]+\s+)*(?:--\s+)?'?(.*?)'?\s*$/.exec(command);
  if (!match) return undefined;
  return { direction: match[1]?.includes("t") === true ? "to" : "from", path: match[2] ?? "" };
}

/** One file in either direction by rcp's protocol: a line `C0644 SIZE NAME`, the bytes, and a zero byte for each step. */
export function serveScp(channel: ServerChannel, files: VmFiles, order: { direction: "to" | "from"; path: string }, changed: () => void): void {
  let isOver = false;
  const finish = (status: number, problem = "") => {
    if (isOver) return;
    isOver = true;
    if (problem !== "") channel.write(Buffer.concat([Buffer.from([1]), Buffer.from(`scp: ${problem}\n`)]));
    channel.exit(status);
    channel.end();
  };
  const path = files.resolve(order.path);
  if (order.direction === "from") return send(channel, files, path, finish);
  receive(channel, files, path, (worked) => {
    if (worked) changed();
    else finish(1, `${path}: No such file or directory, or no room`);
  }, () => finish(0));
  channel.write(OK);
}

function send(channel: ServerChannel, files: VmFiles, path: string, finish: (status: number, problem?: string) => void): void {
  const entry = files.find(path);
  let step = 0;
  channel.on("end", () => finish(0));
  // Each zero byte of the client asks for the next step.
  channel.on("data", (data: Buffer) => data.forEach(() => {
    step += 1;
    if (step === 1 && (entry === undefined || entry.isDirectory)) finish(1, `${path}: No such file or directory`);
    else if (step === 1 && entry !== undefined) channel.write(`C0${entry.mode.toString(8).padStart(3, "0")} ${entry.content.length} ${posix.basename(path)}\n`);
    else if (step === 2 && entry !== undefined) channel.write(Buffer.concat([entry.content, OK]));
    else finish(0);
  }));
}

function receive(channel: ServerChannel, files: VmFiles, path: string, stored: (worked: boolean) => void, ended: () => void): void {
  let pending = Buffer.alloc(0);
  let file: { name: string; mode: number; size: number } | undefined;
  channel.on("end", ended);
  channel.on("data", (data: Buffer) => {
    pending = Buffer.concat([pending, data]);
    for (;;) {
      if (file === undefined) {
        const lineEnd = pending.indexOf(10);
        if (lineEnd < 0) return;
        const [, mode = "644", size = "0", name = ""] = /^C(\d{4}) (\d+) (.+)$/.exec(pending.subarray(0, lineEnd).toString()) ?? [];
        pending = pending.subarray(lineEnd + 1);
        if (name !== "") file = { name, mode: Number.parseInt(mode, 8), size: Number(size) };
        if (file !== undefined && file.size > MOST_BYTES) return stored(false);
        channel.write(OK);
      } else {
        // The bytes, and the zero byte that ends them.
        if (pending.length < file.size + 1) return;
        const target = files.isDirectory(path) ? posix.join(path, posix.basename(file.name)) : path;
        const worked = files.write(target, pending.subarray(0, file.size), file.mode);
        pending = pending.subarray(file.size + 1);
        file = undefined;
        stored(worked);
        if (!worked) return;
        channel.write(OK);
      }
    }
  });
}
