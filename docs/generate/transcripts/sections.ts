/** The commands of docs/transcripts.md, in the order in which they are run: each finds what those before it have left. */
import type { Section } from "./transcript.ts";

const AS_ALICE = '-H "Authorization: Bearer $(user-vps token alice)"';

export const SECTIONS: readonly Section[] = [
  {
    title: "A signup",
    text: "What the product's backend does for a user who has signed in, and what an operator sees meanwhile. The token is the user's own; `user-vps token` signs one for trying.",
    steps: [
      // Long enough for whoever follows to see it.
      { run: `curl -s -X POST $URL/api/vps/provision ${AS_ALICE}`, before: (world) => world.control("boot", { bootMs: 2_500 }) },
      { run: "user-vps events alice", only: /, vm: .*waiting|  ready/ },
      { run: "user-vps status alice" },
      { run: "user-vps logs alice" },
      { run: "user-vps logs alice --runs" },
      { run: `curl -s -o credentials.json -w '%{http_code}\\n' -X POST $URL/api/vps/credentials ${AS_ALICE}`, text: "The credentials are shown once:" },
      { run: `curl -s -X POST $URL/api/vps/credentials ${AS_ALICE}` },
    ],
  },
  {
    title: "Hostinger's account",
    text: "Without any stack. What costs money asks first, or wants a limit.",
    steps: [
      { run: "user-vps plans" },
      { run: "user-vps data-centers" },
      { run: "user-vps templates" },
      { run: "user-vps vm list" },
      { run: "user-vps script list" },
      { run: "user-vps vm create test.spoq.dev --plan kvm1", exitCode: 3 },
      { run: "user-vps vm create test.spoq.dev --plan kvm1 --yes --max-price-cents 100", exitCode: 3 },
    ],
  },
  {
    title: "Is it as declared?",
    text: "Right after the signup nothing differs.",
    steps: [
      { run: "user-vps preview alice --expect-no-changes" },
      { run: "user-vps drift alice", command: "drift" },
      {
        run: "user-vps preview alice --json", text: "Then somebody changes the DNS record by hand:",
        before: (world) => world.control("records/drift", { name: "alice.spoq.dev", kind: "content", content: "127.77.9.9" }),
      },
      { run: "user-vps drift alice", command: "drift", exitCode: 2 },
      { run: "user-vps sweep", command: "sweep", exitCode: 2 },
      { run: "user-vps up alice --yes", only: /^Updating|updated|^Resources|unchanged/ },
      { run: "user-vps sweep", command: "sweep" },
    ],
  },
  {
    title: "What goes wrong",
    text: "Every failure has a code, says what to do next, and ends with an exit code that a script can tell apart. With `--json` it is a document as well.",
    steps: [
      { run: "user-vps status nobody", exitCode: 2 },
      { run: "user-vps status nobody --json", exitCode: 2 },
      { run: "user-vps vm get 99", exitCode: 1 },
      { run: "user-vps up bob", exitCode: 3 },
      { run: "user-vps destroy alice", exitCode: 3 },
      { run: "user-vps up alice --yes --set plan=hostingercom-vps-kvm4-usd-1m", exitCode: 4, text: "A change that would buy another VM is refused, with the switch that allows it:", only: /^ +error: .*CHANGE_REFUSED/ },
      { run: "HOSTINGER_API_KEY=wrong user-vps doctor", exitCode: 1 },
    ],
  },
];
