import type { ServerChannel } from "ssh2";
import type { CommandResult } from "./release.ts";

const BACKSPACE = /[\b\u007f]/;

/** A shell that says what this is, and answers the few commands that a simulated VPS knows. */
export function serveShell(channel: ServerChannel, hostname: string, answer: (command: string) => Promise<CommandResult>): void {
  const write = (text: string) => channel.write(text.replace(/\n/g, "\r\n"));
  const prompt = `root@${hostname.split(".")[0]}:~# `;
  write(`This is ${hostname}, a simulated VPS of the sandbox of user-vps: nothing runs here, and nothing is real.\nIt knows hostname, cat /post_install.log, systemctl is-active, sha256sum, scp and sftp; \`exit\` leaves.\n${prompt}`);
  let line = "";
  let busy = Promise.resolve();
  const leave = () => {
    channel.exit(0);
    channel.end();
  };
  const run = async (command: string) => {
    if (command === "exit" || command === "logout") return leave();
    if (command !== "") {
      const { stdout, stderr } = await answer(command);
      write(`${stdout}${stderr}`);
    }
    write(prompt);
  };
  channel.on("data", (data: Buffer) => {
    for (const character of data.toString()) {
      if (character === "\u0004" && line === "") return leave();
      if (character === "\u0003") {
        line = "";
        write(`^C\n${prompt}`);
      } else if (character === "\r" || character === "\n") {
        const command = line.trim();
        line = "";
        write("\n");
        busy = busy.then(() => run(command));
      } else if (BACKSPACE.test(character)) {
        if (line !== "") channel.write("\b \b");
        line = line.slice(0, -1);
      } else {
        line += character;
        channel.write(character);
      }
    }
  });
  channel.on("end", () => void busy.then(leave));
}
