import { HostingerError } from "./error.ts";

/** 48 KB, as the API's documentation of post-install scripts says. */
export const MAX_SCRIPT_BYTES = 48 * 1024;
const MIN_PASSWORD_LENGTH = 12;
const LEAKED_PASSWORDS = new Set(["Password1234", "Password12345", "Qwerty123456", "Admin1234567", "Welcome12345"]);
const HOSTNAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;

interface Rule {
  required?: boolean;
}

/**
 * Reads a request body field by field; what is wrong is gathered and thrown as one 422 by `check`, in the
 * words of the real API ("The name field is required. (and 1 more error)").
 */
export class Input {
  readonly #fields: Record<string, unknown>;
  readonly #prefix: string;
  readonly #errors: Record<string, string[]>;

  constructor(body: unknown, prefix = "", errors: Record<string, string[]> = {}) {
    this.#fields = isObject(body) ? body : {};
    this.#prefix = prefix;
    this.#errors = errors;
  }

  refuse(field: string, message: string): undefined {
    (this.#errors[this.#prefix + field] ??= []).push(message);
    return undefined;
  }

  string(field: string, rule: Rule = {}): string | undefined {
    return this.#read(field, rule, "a string", (value): value is string => typeof value === "string" && value !== "");
  }

  integer(field: string, rule: Rule = {}): number | undefined {
    return this.#read(field, rule, "an integer", (value): value is number => Number.isInteger(value));
  }

  boolean(field: string, rule: Rule = {}): boolean | undefined {
    return this.#read(field, rule, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  integers(field: string, rule: Rule = {}): number[] | undefined {
    const areIntegers = (value: unknown): value is number[] => Array.isArray(value) && value.every(Number.isInteger);
    return this.#read(field, rule, "an array of integers", areIntegers);
  }

  strings(field: string, rule: Rule = {}): string[] | undefined {
    const areStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === "string");
    return this.#read(field, rule, "an array of strings", areStrings);
  }

  /** Each of a list of objects; what is wrong with one is told as `rules.0.port`. */
  objects(field: string, rule: Rule = {}): Input[] | undefined {
    const areObjects = (value: unknown): value is object[] => Array.isArray(value) && value.every(isObject);
    return this.#read(field, rule, "an array of objects", areObjects)?.map((one, at) => new Input(one, `${this.#prefix}${field}.${at}.`, this.#errors));
  }

  oneOf(field: string, allowed: readonly string[], rule: Rule = {}): string | undefined {
    const value = this.string(field, rule);
    if (value === undefined || allowed.includes(value)) return value;
    return this.refuse(field, `The selected ${words(field)} is invalid.`);
  }

  object(field: string, rule: Rule = {}): Input | undefined {
    const value = this.#read(field, rule, "an object", isObject);
    return value === undefined ? undefined : new Input(value, `${this.#prefix}${field}.`, this.#errors);
  }

  hostname(field: string, rule: Rule = {}): string | undefined {
    const value = this.string(field, rule);
    if (value === undefined || HOSTNAME.test(value)) return value;
    return this.refuse(field, `The ${words(field)} must be a fully qualified domain name.`);
  }

  password(field: string, rule: Rule = {}): string | undefined {
    const value = this.string(field, rule);
    if (value === undefined) return undefined;
    const label = words(field);
    if (value.length < MIN_PASSWORD_LENGTH) {
      this.refuse(field, `The ${label} must be at least ${MIN_PASSWORD_LENGTH} characters.`);
    }
    if (!/[A-Z]/.test(value) || !/[a-z]/.test(value)) {
      this.refuse(field, `The ${label} must contain at least one uppercase and one lowercase letter.`);
    }
    if (!/[0-9]/.test(value)) this.refuse(field, `The ${label} must contain at least one number.`);
    if (LEAKED_PASSWORDS.has(value)) {
      this.refuse(field, `The given ${label} has appeared in a data leak. Please choose a different ${label}.`);
    }
    return value;
  }

  scriptContent(field: string): string | undefined {
    const value = this.string(field, { required: true });
    if (value !== undefined && Buffer.byteLength(value) > MAX_SCRIPT_BYTES) {
      return this.refuse(field, `The ${words(field)} must not be greater than 48 kilobytes.`);
    }
    return value;
  }

  /** Throws if anything was wrong so far. */
  check(): void {
    const messages = Object.values(this.#errors).flat();
    const first = messages[0];
    if (first === undefined) return;
    const more = messages.length - 1;
    const suffix = more === 0 ? "" : ` (and ${more} more error${more === 1 ? "" : "s"})`;
    throw new HostingerError(422, first + suffix, this.#errors);
  }

  #read<T>(field: string, rule: Rule, kind: string, fits: (value: unknown) => value is T): T | undefined {
    const value = this.#fields[field];
    if (value === undefined || value === null || value === "") {
      if (rule.required === true) this.refuse(field, `The ${words(field)} field is required.`);
      return undefined;
    }
    return fits(value) ? value : this.refuse(field, `The ${words(field)} must be ${kind}.`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function words(field: string): string {
  return field.replaceAll("_", " ");
}
