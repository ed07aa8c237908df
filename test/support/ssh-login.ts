import ssh2 from "ssh2";

/** Whether the SSH server lets the user in with the password; whatever else fails is thrown. */
export function canLogIn(host: string, port: number, username: "root" | "spoq", password: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const end = (outcome: boolean | Error) => {
      client.destroy();
      if (typeof outcome === "boolean") resolve(outcome);
      else reject(outcome);
    };
    client.on("ready", () => end(true));
    client.on("error", (error: Error & { level?: string }) => end(error.level === "client-authentication" ? false : error));
    client.connect({ host, port, username, password, readyTimeout: 10_000 });
  });
}
