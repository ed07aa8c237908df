/** Makes secrets from the system's cryptographic random numbers. */
import { randomBytes, randomInt } from "node:crypto";

/** No look-alikes (0 O, 1 l I): people copy these by hand; nothing that any shell or file format treats specially. */
export const UPPER_CASE = "ABCDEFGHJKLMNPQRSTUVWXYZ";
export const LOWER_CASE = "abcdefghijkmnopqrstuvwxyz";
export const DIGITS = "23456789";
export const PASSWORD_ALPHABET = UPPER_CASE + LOWER_CASE + DIGITS;

/** 28 characters of 57 are 163 bits. */
export const PASSWORD_LENGTH = 28;
/** One in about ninety lacks a class. */
const PASSWORD_TRIES = 1_000;
const JWT_SECRET_BYTES = 32;

/**
 * A password of PASSWORD_LENGTH characters with at least one upper-case letter, one lower-case
 * letter and one digit, as Hostinger demands. One that lacks a class is thrown away as a whole:
 * so all that qualify stay equally likely.
 */
export function generatePassword(): string {
  for (let tries = 0; tries < PASSWORD_TRIES; tries += 1) {
    const password = Array.from({ length: PASSWORD_LENGTH }, () => PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)]).join("");
    if (/[A-Z]/.test(password) && /[a-z]/.test(password) && /[0-9]/.test(password)) return password;
  }
  throw new Error("The system's random numbers are none: no password of all classes of characters came of them.");
}

/** 32 random bytes as 43 characters of base64url. */
export function generateJwtSecret(): string {
  return randomBytes(JWT_SECRET_BYTES).toString("base64url");
}
