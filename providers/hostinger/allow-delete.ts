/** `true` in the environment of one run that gives one VPS up by order of a person who has confirmed it; a file of its own, for a command line that only tells something loads no client. */
export const ALLOW_DELETE_VARIABLE = "USER_VPS_ALLOW_DELETE";
