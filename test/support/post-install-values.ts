/** Values for the post-install script: ordinary ones, and ones made to break out of their quotes. */

import type { PostInstallValues } from "../../stacks/post-install.ts";

export const ORDINARY: PostInstallValues = {
  sshPassword: "Fake-Password-For-Tests-123",
  ownerId: "user_2f9c1a7e",
  jwtSecret: "fake-jwt-secret-for-tests",
  hostname: "alice.spoq.dev",
  conductorUrl: "https://downloads.example/conductor-1.0",
  cliUrl: "https://downloads.example/spoq-1.0",
};

export const HOSTILE: PostInstallValues = {
  sshPassword: ` :p$(touch /pwned)"w'o\`id\`r\\d\\ $HOME \${PATH} %s %n !! __JWT_SECRET__ $& $' ü日本🔑\t `,
  ownerId: `o"\\n$(touch /pwned)'\`id\`\\" ]\t# [server] TOML __SSH_PASSWORD__ é`,
  jwtSecret: `'; touch /pwned; '"\\\\$JWT_SECRET\${X:?}\\u0041 \\x41 <<EOF 𝔘`,
  hostname: "A-1.b--c.xn--bcher-kva.spoq.dev",
  conductorUrl: "https://downloads.example/a'b$(touch%20/pwned)`id`;c?x={1,2}&y=[3-4]#z",
  cliUrl: 'HTTP://127.0.0.1:1/"$HOME"/__CLI_URL__\\-o',
};

/** Pieces that mean something to bash, sed-like replacement, TOML, printf or a terminal. */
const PIECES = [
  "'", '"', "`", "$", "\\", "$(", ")", "${", "}", "!", "&", "$&", "$'", "$$", "%s", "#", ";", "|", "<<EOF", "EOF", "TOML",
  "*", "?", "~", " ", "\t", "-", "=", ":", "\\n", "\\u0000", "\\x27", "a", "Z", "0", "é", "日", "🔑", "\u2028", "\u00a0", "\ufeff",
  "__OWNER_ID__", "__SSH_PASSWORD__", "$SSH_PASSWORD",
];

/** `count` strings of up to 12 pieces, the same ones in every run. */
export function nastyStrings(count: number): string[] {
  let state = 20_250_101;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const random = Array.from({ length: count }, () =>
    Array.from({ length: 1 + below(12) }, () => PIECES[below(PIECES.length)] ?? "").join(""));
  return [...PIECES, ...random];
}
