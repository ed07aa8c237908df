/** In the environment of one run: `true` if it gives one VPS up by order of a person who has confirmed it, or the ids of VMs that it may give up, with commas between; a file of its own, for a command line that only tells something loads no client. */
export const ALLOW_DELETE_VARIABLE = "USER_VPS_ALLOW_DELETE";
