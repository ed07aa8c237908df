/** The tables of the stack's settings, from stacks/stack-settings.ts. */
import { STACK_SETTINGS, type DescribedSetting } from "../../stacks/stack-settings.ts";
import { code, table } from "./markdown.ts";

export function stackSettingsTable(isWanted: (setting: DescribedSetting) => boolean = () => true): string {
  const rows = STACK_SETTINGS.filter(isWanted).map((setting) => [code(setting.name), setting.env ? code(setting.env) : "", defaultOf(setting), setting.description]);
  return table(["setting", "variable", "default", "what it does"], rows);
}

export const ofReleases = ({ topic }: DescribedSetting) => topic === "releases";

function defaultOf({ required, byDefault, without = "none" }: DescribedSetting): string {
  if (required) return "required";
  if (byDefault === undefined) return without;
  return typeof byDefault === "string" ? code(byDefault) : JSON.stringify(byDefault);
}
