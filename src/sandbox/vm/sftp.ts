import ssh2 from "ssh2";
import type { Attributes, FileEntry as NamedEntry, SFTPWrapper } from "ssh2";
import type { FileEntry, VmFiles } from "./files.ts";

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;
const IS_FILE = 0o100000;
const IS_DIRECTORY = 0o040000;

type Open = { kind: "file"; path: string; content: Buffer; mode: number; writable: boolean } | { kind: "directory"; entries: FileEntry[] };

/** SFTP version 3 on a VM's files; the `scp` of today speaks it too. */
export function serveSftp(sftp: SFTPWrapper, files: VmFiles, changed: () => void): void {
  const open = new Map<number, Open>();
  let nextHandle = 1;
  const hold = (request: number, one: Open) => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(nextHandle);
    open.set(nextHandle++, one);
    sftp.handle(request, handle);
  };
  const held = (handle: Buffer) => (handle.length === 4 ? open.get(handle.readUInt32BE(0)) : undefined);
  const end = (request: number, worked: boolean) => {
    if (worked) changed();
    sftp.status(request, worked ? STATUS_CODE.OK : STATUS_CODE.FAILURE);
  };
  const tell = (request: number, entry: FileEntry | undefined) => (entry === undefined ? sftp.status(request, STATUS_CODE.NO_SUCH_FILE) : sftp.attrs(request, attributesOf(entry)));

  sftp.on("REALPATH", (request, path) => void sftp.name(request, [{ filename: files.resolve(path), longname: "", attrs: {} as Attributes }]));
  sftp.on("STAT", (request, path) => tell(request, files.find(files.resolve(path))));
  sftp.on("LSTAT", (request, path) => tell(request, files.find(files.resolve(path))));
  sftp.on("FSTAT", (request, handle) => {
    const one = held(handle);
    tell(request, one?.kind === "file" ? { ...one, isDirectory: false } : undefined);
  });
  sftp.on("SETSTAT", (request) => void sftp.status(request, STATUS_CODE.OK));
  sftp.on("FSETSTAT", (request) => void sftp.status(request, STATUS_CODE.OK));
  sftp.on("OPEN", (request, filename, flags, attributes) => {
    const path = files.resolve(filename);
    const found = files.find(path);
    const writable = (flags & (OPEN_MODE.WRITE | OPEN_MODE.APPEND)) !== 0;
    if (found?.isDirectory === true) return void sftp.status(request, STATUS_CODE.FAILURE);
    if (found === undefined && (!writable || (flags & OPEN_MODE.CREAT) === 0)) return void sftp.status(request, STATUS_CODE.NO_SUCH_FILE);
    const content = found === undefined || (flags & OPEN_MODE.TRUNC) !== 0 ? Buffer.alloc(0) : found.content;
    const mode = found?.mode ?? attributes.mode ?? 0o644;
    if (writable && !files.write(path, content, mode)) return void sftp.status(request, STATUS_CODE.FAILURE);
    hold(request, { kind: "file", path, content, mode, writable });
  });
  sftp.on("READ", (request, handle, offset, length) => {
    const one = held(handle);
    if (one?.kind !== "file") return void sftp.status(request, STATUS_CODE.FAILURE);
    if (offset >= one.content.length) return void sftp.status(request, STATUS_CODE.EOF);
    sftp.data(request, one.content.subarray(offset, offset + length));
  });
  sftp.on("WRITE", (request, handle, offset, data) => {
    const one = held(handle);
    if (one?.kind !== "file" || !one.writable || offset > one.content.length + 4 * 1024 * 1024) return void sftp.status(request, STATUS_CODE.FAILURE);
    const content = Buffer.alloc(Math.max(one.content.length, offset + data.length));
    one.content.copy(content);
    data.copy(content, offset);
    one.content = content;
    end(request, files.write(one.path, content, one.mode));
  });
  sftp.on("CLOSE", (request, handle) => {
    const known = handle.length === 4 && open.delete(handle.readUInt32BE(0));
    sftp.status(request, known ? STATUS_CODE.OK : STATUS_CODE.FAILURE);
  });
  sftp.on("OPENDIR", (request, path) => {
    const directory = files.resolve(path);
    if (files.isDirectory(directory)) hold(request, { kind: "directory", entries: files.list(directory) });
    else sftp.status(request, STATUS_CODE.NO_SUCH_FILE);
  });
  sftp.on("READDIR", (request, handle) => {
    const one = held(handle);
    if (one?.kind !== "directory") return void sftp.status(request, STATUS_CODE.FAILURE);
    if (one.entries.length === 0) return void sftp.status(request, STATUS_CODE.EOF);
    sftp.name(request, one.entries.splice(0).map(namedEntry));
  });
  sftp.on("REMOVE", (request, path) => end(request, files.remove(files.resolve(path), "file")));
  sftp.on("RMDIR", (request, path) => end(request, files.remove(files.resolve(path), "directory")));
  sftp.on("MKDIR", (request, path) => end(request, files.makeDirectory(files.resolve(path))));
  sftp.on("RENAME", (request, from, to) => end(request, files.rename(files.resolve(from), files.resolve(to))));
}

function attributesOf({ isDirectory, content, mode }: FileEntry): Attributes {
  return { mode: (isDirectory ? IS_DIRECTORY : IS_FILE) | (mode & 0o7777), uid: 0, gid: 0, size: content.length, atime: 0, mtime: 0 };
}

function namedEntry(entry: FileEntry): NamedEntry {
  const filename = entry.path.split("/").at(-1) ?? "";
  const longname = `${entry.isDirectory ? "d" : "-"}rw-r--r--    1 root     root     ${entry.content.length} Jan  1 00:00 ${filename}`;
  return { filename, longname, attrs: attributesOf(entry) };
}
