/**
 * Serves a stand-in over the engine's plugin protocol: gRPC on a loopback port that is printed
 * on standard output. The SDK's own `@pulumi/pulumi/provider` is not used because its server
 * does not hand out the provider's configuration, and takes half a second longer to start.
 */
import type grpc from "@grpc/grpc-js";
import { engineGoneSignal, followEngine } from "../../providers/core/engine-liveness.ts";
import { endAsOrphan, endWithEngine } from "../../providers/dynamic/end-with-engine.ts";
import { servePluginService, unary } from "../../providers/dynamic/grpc-server.ts";
import type { PluginServer } from "../../providers/dynamic/grpc-server.ts";
import { service, messages, pluginMessages, emptyMessages, structMessages } from "../../providers/dynamic/protocol.ts";

export type Properties = Record<string, unknown>;

export interface PropertyChange {
  readonly property: string;
  readonly replace: boolean;
}

/** One resource type; states and inputs are plain JSON without secrets' marks. */
export interface StandInResource {
  /** What is wrong with the inputs, by property; UNKNOWN stands for values not known yet. */
  check(inputs: Properties): { property: string; reason: string }[];
  diff(state: Properties, inputs: Properties, oldInputs: Properties): PropertyChange[];
  create(inputs: Properties, context: CallContext): Promise<{ id: string; state: Properties }>;
  /** undefined: it is gone. Without `inputs` it is an import. */
  read(id: string, state: Properties, inputs: Properties | undefined, context: CallContext): Promise<ReadState | undefined>;
  update(id: string, state: Properties, inputs: Properties, context: CallContext): Promise<Properties>;
  delete(id: string, state: Properties, context: CallContext): Promise<void>;
}

export interface ReadState {
  readonly id: string;
  readonly state: Properties;
  /** Not given, they stay as they are. */
  readonly inputs?: Properties;
}

export interface CallContext {
  /** The resource's name in the program. */
  readonly name: string;
  /** Aborted when the engine cancels or is gone. */
  readonly signal: AbortSignal;
}

export interface StandIn {
  readonly version: string;
  /** Gets the provider's settings by their bare names; fails if they cannot be used. */
  configure(settings: ReadonlyMap<string, string>): void;
  /** By type token, such as `cloudflare:index/dnsRecord:DnsRecord`. */
  readonly resources: Readonly<Record<string, StandInResource>>;
}

/** What the engine sends for a value that is not known before the update runs. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const { Struct } = structMessages;
const CHANGE_KIND = messages.PropertyDiff.Kind;

/** Serves until the engine ends the process and prints the port; `engineAddress` is the argument that the engine gave. */
export async function servePlugin(standIn: StandIn, engineAddress: string | undefined): Promise<void> {
  endWithEngine();
  followEngine(engineAddress, endAsOrphan);
  const { port } = await startServer(standIn, engineGoneSignal);
  process.stdout.write(`${port}\n`);
}

/** Listens on a free port of 127.0.0.1; `signal` is asked for at each call, and ends it. */
export async function startServer(standIn: StandIn, signal: () => AbortSignal, onAttach: (engineAddress: string) => void = () => undefined): Promise<PluginServer> {
  return await servePluginService(service.ResourceProviderService, handlers(standIn, signal, onAttach));
}

/** The protocol's methods; those left out answer 'unimplemented', which the engine expects. */
function handlers(standIn: StandIn, signal: () => AbortSignal, onAttach: (engineAddress: string) => void): grpc.UntypedServiceImplementation {
  const resourceOf = (urn: string): StandInResource => {
    const { type } = partsOf(urn);
    const resource = standIn.resources[type];
    if (!resource) throw new Error(`The sandbox stand-in knows no resource type ${type}.`);
    return resource;
  };
  const contextOf = (urn: string): CallContext => ({ name: partsOf(urn).name, signal: signal() });

  return {
    attach: unary(async (request: InstanceType<typeof pluginMessages.PluginAttach>) => {
      onAttach(request.getAddress());
      return new emptyMessages.Empty();
    }),
    getPluginInfo: unary(async () => new pluginMessages.PluginInfo().setVersion(standIn.version)),
    cancel: unary(async () => new emptyMessages.Empty()),
    configure: unary(async (request: InstanceType<typeof messages.ConfigureRequest>) => {
      const settings = new Map<string, string>();
      request.getVariablesMap().forEach((value, key) => void settings.set(key.split(":").at(-1) ?? key, value));
      standIn.configure(settings);
      // Nothing is accepted, so secrets and references arrive as plain values, and the engine
      // calls neither create nor update in a preview.
      return new messages.ConfigureResponse();
    }),
    check: unary(async (request: InstanceType<typeof messages.CheckRequest>) => {
      const failures = resourceOf(request.getUrn()).check(plain(request.getNews()));
      const answer = new messages.CheckResponse().setInputs(request.getNews());
      return answer.setFailuresList(failures.map(({ property, reason }) => new messages.CheckFailure().setProperty(property).setReason(reason)));
    }),
    diff: unary(async (request: InstanceType<typeof messages.DiffRequest>) => {
      const changes = resourceOf(request.getUrn()).diff(plain(request.getOlds()), plain(request.getNews()), plain(request.getOldInputs()));
      const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
      const answer = new messages.DiffResponse().setChanges(changes.length ? DIFF_SOME : DIFF_NONE).setHasdetaileddiff(true);
      answer.setDiffsList(changes.map((change) => change.property));
      answer.setReplacesList(changes.filter((change) => change.replace).map((change) => change.property));
      for (const { property, replace } of changes) {
        answer.getDetaileddiffMap().set(property, new messages.PropertyDiff().setKind(replace ? CHANGE_KIND.UPDATE_REPLACE : CHANGE_KIND.UPDATE));
      }
      return answer;
    }),
    create: unary(async (request: InstanceType<typeof messages.CreateRequest>) => {
      const { id, state } = await resourceOf(request.getUrn()).create(plain(request.getProperties()), contextOf(request.getUrn()));
      return new messages.CreateResponse().setId(id).setProperties(struct(state));
    }),
    read: unary(async (request: InstanceType<typeof messages.ReadRequest>) => {
      const inputs = request.hasInputs() ? plain(request.getInputs()) : undefined;
      const found = await resourceOf(request.getUrn()).read(request.getId(), plain(request.getProperties()), inputs, contextOf(request.getUrn()));
      // An empty id tells the engine that the resource is gone.
      if (!found) return new messages.ReadResponse();
      const answer = new messages.ReadResponse().setId(found.id).setProperties(struct(found.state));
      return found.inputs ? answer.setInputs(struct(found.inputs)) : answer;
    }),
    update: unary(async (request: InstanceType<typeof messages.UpdateRequest>) => {
      const resource = resourceOf(request.getUrn());
      const state = await resource.update(request.getId(), plain(request.getOlds()), plain(request.getNews()), contextOf(request.getUrn()));
      return new messages.UpdateResponse().setProperties(struct(state));
    }),
    delete: unary(async (request: InstanceType<typeof messages.DeleteRequest>) => {
      await resourceOf(request.getUrn()).delete(request.getId(), plain(request.getProperties()), contextOf(request.getUrn()));
      return new emptyMessages.Empty();
    }),
  };
}

/** `urn:pulumi:stack::project::parent$type::name` -> the type token and the name. */
function partsOf(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}

function plain(value: InstanceType<typeof Struct> | undefined): Properties {
  return (value?.toJavaScript() ?? {});
}

/** Struct knows no undefined, which JSON leaves out. */
function struct(value: Properties): InstanceType<typeof Struct> {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(value)) as Parameters<typeof Struct.fromJavaScript>[0]);
}
