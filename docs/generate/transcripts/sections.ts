/** The commands of docs/transcripts.md, in the order in which they are run: each finds what those before it have left. */
import type { Section } from "./transcript.ts";

const AS_ALICE = '-H "Authorization: Bearer $(user-vps token alice)"';
const RELEASE = { url: "https://downloads.example.com/conductor-1.4.2", sha256: "0123456789abcdef".repeat(4), version: "1.4.2" };

export const SECTIONS: readonly Section[] = [
  {
    title: "A signup",
    text: "What the product's backend does for a user who has signed in, and what an operator sees meanwhile. The token is the user's own; `user-vps token` signs one for trying.",
    steps: [
      // Long enough for whoever follows to see it, and for each run to end where it has to wait.
      { run: `curl -s -X POST $URL/api/vps/provision ${AS_ALICE}`, before: (world) => world.control("boot", { bootMs: 15_000, scriptMs: 25_000 }) },
      { run: "user-vps events alice", only: /, vm: .*to run|  ready/ },
      { run: "user-vps status alice" },
      { run: "user-vps logs alice" },
      { run: "user-vps logs alice --runs" },
      { run: `curl -s -o credentials.json -w '%{http_code}\\n' -X POST $URL/api/vps/credentials ${AS_ALICE}`, text: "The credentials are shown until whoever has got them says so:" },
      { run: `curl -s -o acknowledged.json -w '%{http_code}\\n' -X POST $URL/api/vps/credentials/acknowledge ${AS_ALICE}` },
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
      {
        run: "user-vps drift alice", command: "drift", exitCode: 2, text: "Then somebody changes the DNS record by hand:",
        before: (world) => world.control("records/drift", { name: "alice.spoq.dev", kind: "content", content: "127.77.9.9" }),
      },
      {
        run: "user-vps preview alice --json", unlessCommand: "drift", text: "Then somebody changes the DNS record by hand:",
        before: (world) => world.control("records/drift", { name: "alice.spoq.dev", kind: "content", content: "127.77.9.9" }),
      },
      { run: "user-vps up alice --yes", only: /^Updating|updated|^Resources|unchanged/ },
      {
        run: "user-vps sweep", command: "sweep", exitCode: 2, text: "The whole fleet, after somebody has stopped a VM:",
        before: (world) => world.control(`vms/${world.vmId("alice.spoq.dev")}/drift`, { kind: "stopped" }),
      },
      { run: "user-vps repair alice --reason 'ticket 4711' --follow", command: "repair" },
    ],
  },
  {
    title: "A new release of Conductor",
    text: "For VPSs that are already there, in waves: [releases.md](releases.md).",
    steps: [
      {
        run: `user-vps release create 1.4.2 --conductor-url ${RELEASE.url} --conductor-sha256 ${RELEASE.sha256}`, command: "release",
        before: (world) => world.control("artefacts", RELEASE),
      },
      { run: "user-vps release roll-out 1.4.2 --reason 'ticket 4712' --confirm 1.4.2 --follow", command: "release", only: /^roll-out|succeeded/ },
      { run: "user-vps release status", command: "release" },
    ],
  },
  {
    title: "What goes wrong",
    text: "Every failure has a code, says what to do next, and ends with an exit code that a script can tell apart. With `--json` it is a document as well.",
    steps: [
      { run: "user-vps status nobody", exitCode: 1 },
      { run: "user-vps status nobody --json", exitCode: 1 },
      { run: "user-vps vm get 99", exitCode: 1 },
      { run: "user-vps up bob", exitCode: 3 },
      { run: "user-vps destroy alice", exitCode: 3 },
      { run: "user-vps up alice --yes --set plan=hostingercom-vps-kvm4-usd-1m", exitCode: 1, text: "A change that would buy another VM is refused, with the switch that allows it:", only: /^ +error: .*CHANGE_REFUSED/ },
      { run: "HOSTINGER_API_KEY=wrong user-vps doctor", exitCode: 1 },
    ],
  },
  {
    title: "Giving a VPS up",
    text: "Here without a grace period: [giving-up.md](giving-up.md).",
    steps: [
      { run: "user-vps deprovision alice --reason 'account closed'", command: "deprovision", exitCode: 3 },
      { run: "user-vps deprovision alice --reason 'account closed' --confirm alice", command: "deprovision" },
      { run: "user-vps events alice", command: "deprovision", only: /deprovisioned/ },
      { run: "user-vps given-up", command: "given-up" },
    ],
  },
];
