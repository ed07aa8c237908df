/** A gRPC server on loopback, as the engine's plugins are. */
import grpc from "@grpc/grpc-js";
import { beginningOf, endingOf } from "../core/cut-text.ts";
import { messageOf } from "../core/errors.ts";

export interface PluginServer {
  readonly port: number;
  /** Breaks off the calls that are running. */
  stop(): void;
}

/** Listens on a free port of 127.0.0.1. Methods that the implementation lacks answer 'unimplemented', which the engine expects. */
export async function servePluginService(service: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation): Promise<PluginServer> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { port, stop: () => server.forceShutdown() };
}

let underWay = 0;
const atRest = new Set<() => void>();

/** Resolves once no call is under way in this process. */
export async function whenAtRest(): Promise<void> {
  if (underWay > 0) await new Promise<void>((done) => atRest.add(done));
}

/** Of an error's message, in its beginning and its end: the first has the code, the second the advice. */
const LONGEST_BEGINNING = 3_000;
const LONGEST_ENDING = 1_000;

/**
 * A message as it travels: in a header, of which HTTP/2 takes no more than some 64 KB, else nobody is answered; and of
 * whole characters, else grpc-js throws where nobody catches it, and the process ends.
 */
export function tellable(message: string): string {
  const whole = message.toWellFormed();
  return whole.length <= LONGEST_BEGINNING + LONGEST_ENDING ? whole : `${beginningOf(whole, LONGEST_BEGINNING)}… ${endingOf(whole, LONGEST_ENDING)}`;
}

/** A gRPC handler around an async function; of an error, the engine gets the message and what `details` adds. */
export function unary<Request, Answer>(answer: (request: Request) => Promise<Answer>, details: (error: unknown) => grpc.Metadata | undefined = () => undefined): grpc.handleUnaryCall<Request, Answer> {
  return (call, callback) => {
    underWay += 1;
    answer(call.request).then(
      (value) => callback(null, value),
      (error: unknown) => callback({ code: grpc.status.UNKNOWN, details: tellable(messageOf(error)), metadata: details(error) ?? new grpc.Metadata() }),
    ).finally(() => {
      underWay -= 1;
      if (underWay > 0) return;
      for (const done of atRest) done();
      atRest.clear();
    });
  };
}
