import { z } from "zod";

/**
 * Why a text is no download address; undefined if it is one. User names and passwords are
 * refused because curl's arguments can be read by every process of the VPS.
 */
export function urlFault(value: string): string | undefined {
  if (/[^\x21-\x7e]/.test(value)) return "holds blanks or characters outside ASCII, which a URL writes as %XX";
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return "is not an http or https URL";
  const { username, password } = new URL(value);
  return username || password ? "holds a user name or password" : undefined;
}

/** As the service's and a stack's settings are read: what the script would refuse is refused before anything begins. White space at its ends, as files have it, is taken off. */
export const downloadUrl = z.string().trim().superRefine((text, context) => {
  const fault = urlFault(text);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
});
