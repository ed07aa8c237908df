/** An engine attaches to the providers of this process: from now on it works for that one. */
import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/engine_pb.js";
import { engineGoneSignal, followEngine, whenEngineIsLeft } from "../../providers/core/engine-liveness.ts";
import { showProgressBy } from "../../providers/core/progress.ts";

let attached: string | undefined;

/**
 * Each provider of a run is attached to with the same address. An engine that refreshes first may
 * cancel that part before it attaches for the rest: then it is followed anew.
 */
export function attachTo(engineAddress: string): void {
  if (engineAddress === attached && !engineGoneSignal().aborted) return;
  followEngine(engineAddress);
  attached = engineAddress;
  // It does not read what a process prints that it has not started.
  const engine = new engineService.EngineClient(engineAddress, grpc.credentials.createInsecure());
  showProgressBy((text) => {
    const request = new messages.LogRequest().setSeverity(messages.LogSeverity.INFO).setMessage(text);
    // An engine that is gone needs no progress.
    engine.log(request, () => undefined);
  });
  whenEngineIsLeft(() => {
    attached = undefined;
    showProgressBy(undefined);
    engine.close();
  });
}
