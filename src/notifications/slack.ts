/** Slack's incoming webhooks, and what speaks as they do (Mattermost, Rocket.Chat, Discord with /slack). */
import { beginningOf, shortened } from "../../providers/core/cut-text.ts";
import type { SlackTarget } from "../config/index.ts";
import { PostAddress } from "./post.ts";
import type { Sender, SenderOptions } from "./sender.ts";
import { linesOf, titleOf } from "./words.ts";

/** Slack cuts at 40,000; people read less. */
const LONGEST_TEXT = 12_000;
/** Discord refuses what is longer than 2,000. */
const LONGEST_TEXT_FOR_ALL = 1_900;

export function slackSender({ url }: SlackTarget, options: SenderOptions): Sender {
  const address = new PostAddress(url, options);
  return {
    send({ events }, signal) {
      const text = beginningOf([`*${escape(titleOf(events))}*`, ...linesOf(events).map(escape)].join("\n"), LONGEST_TEXT);
      const bodyOf = (longest: number) => JSON.stringify({ text: shortened(text, longest) });
      return address.send({ body: bodyOf(LONGEST_TEXT), shorterBody: bodyOf(LONGEST_TEXT_FOR_ALL), headers: {} }, signal);
    },
    look: (signal) => address.look(signal),
    close: () => address.close(),
  };
}

/** As Slack wants it: nothing that a user or an API wrote becomes a link or calls somebody (`<!channel>`). */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
