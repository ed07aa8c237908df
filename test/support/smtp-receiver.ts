/** A mail server that lets one user in, has no mailbox for nobody@, does not take a text with a virus, and prints each other mail. */
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

const server = new SMTPServer({
  authOptional: false,
  // Loopback: there is no certificate here.
  allowInsecureAuth: true,
  disabledCommands: ["STARTTLS"],
  onAuth: ({ username, password }, _session, done) => (username === "mailer" && password === "fake:mail/password" ? done(null, { user: username }) : done(new Error("no such user"))),
  onRcptTo: ({ address }, _session, done) => (address.startsWith("nobody@") ? done(Object.assign(new Error("no such mailbox"), { responseCode: 550 })) : done()),
  onData(stream, { envelope }, done) {
    let raw = "";
    stream.setEncoding("utf8").on("data", (text: string) => { raw += text; }).on("end", () => {
      if (raw.includes("fake-virus")) return done(Object.assign(new Error("not wanted"), { responseCode: 554 }));
      console.log(JSON.stringify({ from: envelope.mailFrom && envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address), raw }));
      done();
    });
  },
});
const listening = server.listen(Number(process.env["PORT"]), "127.0.0.1", () => console.error(`listening on ${(listening.address() as AddressInfo).port}`));
