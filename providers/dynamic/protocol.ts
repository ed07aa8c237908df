/**
 * The messages of Pulumi's protocol, as the SDK brings them. Node looks through the text of a CommonJS module that is
 * imported for the names that it exports, some 20 ms for provider_pb.js alone in every process; `require` does not.
 */
import { createRequire } from "node:module";
import type ProviderService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type ProviderMessages from "@pulumi/pulumi/proto/provider_pb.js";
import type PluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import type StatusMessages from "@pulumi/pulumi/proto/status_pb.js";
import type AnyMessages from "google-protobuf/google/protobuf/any_pb.js";
import type EmptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import type StructMessages from "google-protobuf/google/protobuf/struct_pb.js";

const require = createRequire(import.meta.url);

export const service = require("@pulumi/pulumi/proto/provider_grpc_pb.js") as typeof ProviderService;
export const messages = require("@pulumi/pulumi/proto/provider_pb.js") as typeof ProviderMessages;
export const pluginMessages = require("@pulumi/pulumi/proto/plugin_pb.js") as typeof PluginMessages;
export const statusMessages = require("@pulumi/pulumi/proto/status_pb.js") as typeof StatusMessages;
export const anyMessages = require("google-protobuf/google/protobuf/any_pb.js") as typeof AnyMessages;
export const emptyMessages = require("google-protobuf/google/protobuf/empty_pb.js") as typeof EmptyMessages;
export const structMessages = require("google-protobuf/google/protobuf/struct_pb.js") as typeof StructMessages;
