import { readCaddyfile } from "./caddyfile.ts";
import type { Caddyfile } from "./caddyfile.ts";
import { readCommands } from "./shell-commands.ts";
import type { Command } from "./shell-commands.ts";
import { expandHereDocument, expandWord } from "./shell-words.ts";

/** What a VM would be after its post-install script has run to the end. */
export interface ScriptOutcome {
  /** The host name that Caddy serves. */
  siteAddress: string | null;
  /** Caddy makes its certificates itself, for names that lead nowhere. */
  hasLocalCertificates?: boolean;
  /** The configuration has an owner and a JWT secret. */
  conductorConfigured: boolean;
  /** Caddy hands the site's requests on to the conductor's port. */
  caddyConfigured: boolean;
  conductorStarted: boolean;
  caddyStarted: boolean;
  /** Whether systemd starts them again at the next boot. */
  conductorEnabled: boolean;
  caddyEnabled: boolean;
  /** Why /health would not answer 200; empty if it would. Never holds a value of the script. */
  reasons: string[];
}

const ASSIGNMENT = /^([A-Za-z_]\w*)(\+?)=([^]*)$/;
const DECLARING = new Set(["export", "readonly", "declare", "typeset"]);
const STARTING = new Set(["start", "restart", "reload", "reload-or-restart", "try-restart"]);
const PLACEHOLDER = /__[A-Z][A-Z_]*__/;

/** Reads the script (it is never run). An empty script sets nothing up. */
export function scriptOutcome(script: string): ScriptOutcome {
  if (!script.startsWith("#!")) return failedOutcome("the script does not start with #!, so it cannot be executed");
  const reader = new ScriptReader();
  for (const command of readCommands(script)) reader.read(command);
  return reader.outcome();
}

/** Nothing was set up, for one reason. */
export function failedOutcome(reason: string): ScriptOutcome {
  return { ...new ScriptReader().outcome(), reasons: [reason] };
}

class ScriptReader {
  readonly #variables = new Map<string, string>();
  readonly #started = new Set<string>();
  readonly #enabled = new Set<string>();
  #caddyfile: Caddyfile | null = null;
  #conductorConfig: string | null = null;

  read(command: Command): void {
    this.#assign(command.words);
    for (const { body, expands } of command.hereDocuments) {
      const text = expands ? expandHereDocument(body, this.#variables) : body;
      if (/^\s*reverse_proxy\s/m.test(text)) this.#caddyfile = readCaddyfile(text);
      if (/^\s*jwt_secret\s*=/m.test(text)) this.#conductorConfig = text;
    }
    const systemctl = command.words.indexOf("systemctl");
    if (systemctl !== -1) this.#systemctl(command.words.slice(systemctl + 1));
  }

  #assign(words: string[]): void {
    const rest = DECLARING.has(words[0] ?? "") ? words.slice(1).filter((word) => !word.startsWith("-")) : words;
    // In `A=1 command` the value is the command's alone.
    if (rest.length > 0 && rest.every((word) => ASSIGNMENT.test(word))) {
      for (const word of rest) {
        const [, name = "", append, raw = ""] = ASSIGNMENT.exec(word) ?? [];
        const before = append === "+" ? (this.#variables.get(name) ?? "") : "";
        this.#variables.set(name, before + expandWord(raw, this.#variables));
      }
    }
    if (words[0] === "unset") for (const name of words.slice(1)) this.#variables.delete(name);
    // In a loop the variable stands for all its values at once, which is good enough for unit names.
    if (words[0] === "for" && words[2] === "in") {
      const values = words.slice(3).map((word) => expandWord(word, this.#variables));
      this.#variables.set(words[1] ?? "", values.join(" "));
    }
  }

  #systemctl(words: string[]): void {
    const given = words.flatMap((word) => expandWord(word, this.#variables).split(/\s+/));
    const [verb = "", ...units] = given.filter((word) => !word.startsWith("-"));
    for (const unit of units.map((name) => name.replace(/\.service$/, ""))) {
      if (verb === "enable") this.#enabled.add(unit);
      if (STARTING.has(verb) || (verb === "enable" && given.includes("--now"))) this.#start(unit);
    }
  }

  /** Caddy only serves what was in its Caddyfile when it was last started. */
  #start(unit: string): void {
    if (unit !== "caddy" || this.#caddyfile !== null) this.#started.add(unit);
  }

  outcome(): ScriptOutcome {
    const reasons: string[] = [];
    const need = (holds: boolean, reason: string): boolean => {
      if (!holds) reasons.push(reason);
      return holds;
    };
    const config = this.#conductorConfig ?? "";
    const conductorConfigured = [
      need(this.#conductorConfig !== null, "no conductor configuration with a jwt_secret is written"),
      need(hasTomlText(config, "owner_id"), "the conductor's owner_id is missing, empty or not valid TOML"),
      need(hasTomlText(config, "jwt_secret"), "the conductor's jwt_secret is missing, empty or not valid TOML"),
    ].every(Boolean);
    const siteAddress = this.#caddyfile?.siteAddress ?? null;
    const port = Number(/^\s*port\s*=\s*(\d+)/m.exec(config)?.[1] ?? 8080);
    const caddyConfigured = [
      need(this.#caddyfile !== null, "no Caddyfile with a reverse_proxy is written"),
      need(siteAddress !== null, "the Caddyfile has no site address"),
      need(this.#caddyfile?.upstreamPort === port, `Caddy does not hand requests on to the conductor's port ${port}`),
    ].every(Boolean);
    return {
      siteAddress,
      ...(this.#caddyfile?.hasLocalCertificates && { hasLocalCertificates: true }),
      conductorConfigured,
      caddyConfigured,
      conductorStarted: need(this.#started.has("conductor"), "the conductor is never started"),
      caddyStarted: need(this.#started.has("caddy"), "Caddy is not started or reloaded after its Caddyfile is written"),
      conductorEnabled: this.#enabled.has("conductor"),
      caddyEnabled: this.#enabled.has("caddy"),
      reasons,
    };
  }
}

/** Whether `key` is given a TOML string that is not empty and not a placeholder left in the template. */
function hasTomlText(toml: string, key: string): boolean {
  const line = new RegExp(`^\\s*${key}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)+)"|'([^']+)')\\s*(?:#.*)?$`, "m").exec(toml);
  const value = line?.[1] ?? line?.[2];
  return value !== undefined && !PLACEHOLDER.test(value);
}
