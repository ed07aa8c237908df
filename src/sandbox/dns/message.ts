import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from "dns-packet";
import type { Answer, OptAnswer, Packet } from "dns-packet";
import type { World } from "../world.ts";
import { lookUp } from "./zone.ts";

const RCODE = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
/** RFC 6891: an EDNS version that is not known; its upper bits stand in the OPT record. */
const BADVERS = 16;
const HEADER_BYTES = 12;
const IS_RESPONSE = 0x80;
const PLAIN_UDP_BYTES = 512;
/** What a server of today sends over UDP at most (dnsflagday.net/2020). */
const MAX_UDP_BYTES = 1_232;
const MAX_TCP_BYTES = 65_535;
/** Transfers of the whole zone. */
const TRANSFERS = new Set(["AXFR", "IXFR"]);

/** The answer to a message; undefined to what is none that may be answered. */
export function answerMessage(world: World, message: Buffer, transport: "udp" | "tcp"): Buffer | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const id = message.readUInt16BE(0);
  const flagBits = message.readUInt16BE(2);
  if ((message.readUInt8(2) & IS_RESPONSE) !== 0) return undefined;
  const echoed = flagBits & (0x7800 | RECURSION_DESIRED);
  const refusal = (rcode: number, more: Packet = {}) => encode({ type: "response", id, flags: echoed | rcode, ...more });
  if ((echoed & 0x7800) !== 0) return refusal(RCODE.NOTIMP);
  let query: Packet;
  try {
    query = decode(message);
  } catch {
    return refusal(RCODE.FORMERR);
  }
  const [question, ...others] = query.questions ?? [];
  if (question === undefined || others.length > 0) return refusal(RCODE.FORMERR);

  const asked = (query.additionals ?? []).filter((one): one is OptAnswer => one.type === "OPT");
  if (asked.length > 1) return refusal(RCODE.FORMERR);
  const [opt] = asked;
  const additionals = opt === undefined ? [] : [ownOpt(opt.ednsVersion === 0 ? 0 : BADVERS >> 4)];
  const questions = [question];
  if (opt !== undefined && opt.ednsVersion !== 0) return refusal(BADVERS & 0xf, { questions, additionals });
  if ((question.class ?? "IN") !== "IN" || TRANSFERS.has(question.type)) return refusal(RCODE.REFUSED, { questions, additionals });

  const { rcode, answers, authorities } = lookUp(world, question);
  const authoritative = rcode === "REFUSED" ? 0 : AUTHORITATIVE_ANSWER;
  const whole = encode({ type: "response", id, flags: echoed | authoritative | RCODE[rcode], questions, answers, authorities, additionals });
  if (whole.length <= limitOf(transport, opt)) return whole;
  return encode({ type: "response", id, flags: echoed | authoritative | RCODE[rcode] | TRUNCATED_RESPONSE, questions, additionals });
}

function limitOf(transport: "udp" | "tcp", opt: OptAnswer | undefined): number {
  if (transport === "tcp") return MAX_TCP_BYTES;
  if (opt === undefined) return PLAIN_UDP_BYTES;
  return Math.min(MAX_UDP_BYTES, Math.max(PLAIN_UDP_BYTES, opt.udpPayloadSize));
}

function ownOpt(extendedRcode: number): Answer {
  return { type: "OPT", name: ".", udpPayloadSize: MAX_UDP_BYTES, extendedRcode, ednsVersion: 0, flags: 0, flag_do: false, options: [] };
}
