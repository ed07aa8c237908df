/**
 * The provider of dynamic resources, in place of the SDK's `cmd/dynamic-provider`: the same
 * protocol for whatever provider a resource holds as text, this project's or anybody else's. The
 * SDK's loads TypeScript, npm's dependency tree and the Automation API, none of which it needs, and
 * cannot be attached to, so that it serves one engine only.
 */
import grpc from "@grpc/grpc-js";
import type { dynamic } from "@pulumi/pulumi";
import { createRequire } from "node:module";
import { messageOf, UserVpsError } from "../core/errors.ts";
import { configurationOf } from "./configuration.ts";
import { servePluginService, tellable, unary } from "./grpc-server.ts";
import type { PluginServer } from "./grpc-server.ts";
import { service, messages, pluginMessages, statusMessages, anyMessages, emptyMessages, structMessages } from "./protocol.ts";
import { providerFromText } from "./provider-from-text.ts";

type Values = Record<string, unknown>;
type Provider = dynamic.ResourceProvider;

const { Struct } = structMessages;
const { version } = createRequire(import.meta.url)("@pulumi/pulumi/version.js") as { version: string };

/** What the engine sends for a value that is not known before the update runs. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const TEXT = "__provider";

export interface DynamicProviderOptions {
  /** Whose configuration the keys without a namespace are. */
  readonly project: string;
  /** An engine attaches to a process that serves one after the other. */
  readonly onAttach?: (engineAddress: string) => void;
}

/** Serves one run until it is stopped. */
export async function serveDynamicProvider({ project, onAttach = () => undefined }: DynamicProviderOptions): Promise<PluginServer> {
  let configuration: Values = {};
  const providers = new Map<string, Promise<Provider>>();

  /** Each text is evaluated once for a configuration. */
  const providerOf = (text: unknown): Promise<Provider> => {
    if (typeof text !== "string") throw new Error("The resource holds no provider.");
    const present = providers.get(text);
    if (present) return present;
    const made = configured(text, configurationOf(configuration, project));
    providers.set(text, made);
    return made;
  };
  const providerOfNews = (olds: Values, news: Values) => providerOf(news[TEXT] === UNKNOWN ? olds[TEXT] : news[TEXT]);

  return await servePluginService(service.ResourceProviderService, {
    attach: unary(async (request: InstanceType<typeof pluginMessages.PluginAttach>) => {
      onAttach(request.getAddress());
      return new emptyMessages.Empty();
    }),
    getPluginInfo: unary(async () => new pluginMessages.PluginInfo().setVersion(version)),
    // Noticed by watchEngine (providers/core/engine-liveness.ts).
    cancel: unary(async () => new emptyMessages.Empty()),
    configure: unary(async (request: InstanceType<typeof messages.ConfigureRequest>) => {
      configuration = plain(request.getArgs());
      // A preview and the update after it are two engines; what was configured for one was closed when it was left.
      providers.clear();
      return new messages.ConfigureResponse().setAcceptsecrets(false);
    }),
    check: unary(async (request: InstanceType<typeof messages.CheckRequest>) => {
      const [olds, news] = [plain(request.getOlds()), plain(request.getNews())];
      const provider = await providerOfNews(olds, news);
      const { inputs = news, failures = [] } = (await provider.check?.(olds, news)) ?? {};
      const answer = new messages.CheckResponse().setInputs(struct({ ...inputs, [TEXT]: news[TEXT] }));
      return answer.setFailuresList(failures.map(({ property, reason }) => new messages.CheckFailure().setProperty(property).setReason(reason)));
    }, tell),
    diff: unary(async (request: InstanceType<typeof messages.DiffRequest>) => {
      const [olds, news] = [plain(request.getOlds()), plain(request.getNews())];
      const provider = await providerOfNews(olds, news);
      const answer = new messages.DiffResponse();
      if (!provider.diff) return answer;
      const { changes, replaces = [], deleteBeforeReplace = false } = await provider.diff(request.getId(), olds, news);
      return answer.setChanges(kindOf(changes)).setReplacesList(replaces).setDeletebeforereplace(deleteBeforeReplace);
    }, tell),
    create: unary(async (request: InstanceType<typeof messages.CreateRequest>) => {
      const inputs = plain(request.getProperties());
      const { id, outs } = await (await providerOf(inputs[TEXT])).create(inputs);
      return new messages.CreateResponse().setId(id).setProperties(struct({ ...outs, [TEXT]: inputs[TEXT] }));
    }, initializationFailure),
    read: unary(async (request: InstanceType<typeof messages.ReadRequest>) => {
      const props = plain(request.getProperties());
      const provider = await providerOf(props[TEXT]);
      if (!provider.read) return new messages.ReadResponse().setId(request.getId()).setProperties(request.getProperties());
      const read = await provider.read(request.getId(), props);
      const answer = new messages.ReadResponse().setId(read.id ?? "").setProperties(struct({ ...read.props, [TEXT]: props[TEXT] }));
      return read.inputs ? answer.setInputs(struct({ ...read.inputs, [TEXT]: props[TEXT] })) : answer;
    }, tell),
    update: unary(async (request: InstanceType<typeof messages.UpdateRequest>) => {
      const [olds, news] = [plain(request.getOlds()), plain(request.getNews())];
      const provider = await providerOf(news[TEXT]);
      const result = await provider.update?.(request.getId(), olds, news);
      return new messages.UpdateResponse().setProperties(struct({ ...result?.outs, [TEXT]: news[TEXT] }));
    }, initializationFailure),
    delete: unary(async (request: InstanceType<typeof messages.DeleteRequest>) => {
      const props = plain(request.getProperties());
      await (await providerOf(props[TEXT])).delete?.(request.getId(), props);
      return new emptyMessages.Empty();
    }, tell),
  });
}

async function configured(text: string, config: dynamic.Config): Promise<Provider> {
  const provider = providerFromText(text);
  await provider.configure?.({ config });
  return provider;
}

function kindOf(changes: boolean | undefined) {
  const { DIFF_SOME, DIFF_NONE, DIFF_UNKNOWN } = messages.DiffResponse.DiffChanges;
  return changes === undefined ? DIFF_UNKNOWN : changes ? DIFF_SOME : DIFF_NONE;
}

/** The engine shows standard error; of a failure that is meant, the message is enough. */
function tell(error: unknown): undefined {
  if (!(error instanceof UserVpsError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

/** What a create or update that throws an error with an id has left behind: `ErrorResourceInitFailed`, where gRPC keeps an error's details. */
function initializationFailure(error: unknown): grpc.Metadata | undefined {
  const { id, properties = {}, reasons = [] } = error as { id?: string; properties?: Values; reasons?: string[] };
  if (!id) return undefined;
  const failed = new messages.ErrorResourceInitFailed().setId(id).setProperties(struct(properties)).setReasonsList(reasons.map(tellable));
  const detail = new anyMessages.Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusMessages.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(tellable(messageOf(error)));
  status.addDetails(detail);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return metadata;
}

function plain(value: InstanceType<typeof Struct> | undefined): Values {
  return value?.toJavaScript() ?? {};
}

function struct(values: Values): InstanceType<typeof Struct> {
  return Struct.fromJavaScript(values as Parameters<typeof Struct.fromJavaScript>[0]);
}
