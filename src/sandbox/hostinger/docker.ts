import type { ApiRequest, Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { DockerProject, Vm } from "../model.ts";
import { composeServices } from "./compose-file.ts";
import type { ComposeService } from "./compose-file.ts";
import { act, sha256, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { notFound } from "./error.ts";
import { Input } from "./input.ts";
import { ONE_MACHINE } from "./virtual-machines.ts";

const MAX_TEXT_CHARACTERS = 8_192;
const ONE = `${ONE_MACHINE}/docker/{projectName}`;

/** Docker Compose projects of a VM. Nothing is run: a project that is up counts as running. */
export function dockerRoutes(context: Context): Route[] {
  const projectOf = (request: ApiRequest): { vm: Vm; project: DockerProject } => {
    const vm = vmOf(context, request);
    const project = vm.docker?.find(({ name }) => name === request.params["projectName"]);
    if (project === undefined) throw notFound("Docker project");
    return { vm, project };
  };
  const verb = (method: string, name: string): Route => ({
    method,
    pattern: `${ONE}/${name}`,
    handler: (request) => {
      const { vm, project } = projectOf(request);
      return act(context, vm, `docker_${name}`, { project: project.name });
    },
  });
  return [
    { method: "GET", pattern: `${ONE_MACHINE}/docker`, handler: (request) => ok((vmOf(context, request).docker ?? []).map(projectShape)) },
    {
      method: "POST",
      pattern: `${ONE_MACHINE}/docker`,
      handler: (request) => {
        const vm = vmOf(context, request);
        const input = new Input(request.body);
        const name = input.string("project_name", { required: true }) ?? "";
        const content = input.string("content", { required: true }) ?? "";
        const environment = input.string("environment") ?? null;
        if (name !== "" && !/^[A-Za-z0-9_-]{3,64}$/.test(name)) input.refuse("project_name", "The project name must be between 3 and 64 characters: letters, digits, dashes and underscores.");
        for (const [field, text] of [["content", content], ["environment", environment ?? ""]] as const) {
          if (text.length > MAX_TEXT_CHARACTERS) input.refuse(field, `The ${field} must not be greater than ${MAX_TEXT_CHARACTERS} characters.`);
        }
        input.check();
        return act(context, vm, "docker_up", { project: name, content, environment });
      },
    },
    {
      method: "GET",
      pattern: ONE,
      handler: (request) => {
        const { content, environment } = projectOf(request).project;
        return ok({ content, environment });
      },
    },
    { method: "GET", pattern: `${ONE}/containers`, handler: (request) => ok(containersOf(projectOf(request).project)) },
    {
      method: "GET",
      pattern: `${ONE}/logs`,
      handler: (request) => {
        const { project } = projectOf(request);
        return ok(composeServices(project.content).map(({ name }) => ({ service: name, entries: [{ timestamp: project.upAt, line: `${name}: simulated, nothing runs here` }] })));
      },
    },
    verb("POST", "start"),
    verb("POST", "stop"),
    verb("POST", "restart"),
    verb("POST", "update"),
    verb("DELETE", "down"),
  ];
}

/** VPS.V1.DockerManager.ProjectResource */
function projectShape(project: DockerProject) {
  const containers = containersOf(project);
  const state = project.running ? "running" : "stopped";
  return { name: project.name, status: `${project.running ? "running" : "exited"}(${containers.length})`, state, path: `/docker/${project.name}/docker-compose.yml`, containers };
}

/** VPS.V1.DockerManager.ContainerResource */
function containersOf(project: DockerProject) {
  return composeServices(project.content).map((service) => ({
    id: sha256(`${project.name}/${service.name}`).slice(0, 12),
    name: `${project.name}-${service.name}-1`,
    image: service.image,
    command: "",
    status: project.running ? "Up 1 minute" : "Exited (0) 1 minute ago",
    state: project.running ? "running" : "exited",
    health: "",
    ports: service.ports.map(portShape),
    stats: project.running ? { cpu_percentage: 0.5, memory_percentage: 1.5, memory_used: 62_914_560, memory_total: 4_294_967_296, net_in: 0, net_out: 0 } : null,
  }));
}

/** VPS.V1.DockerManager.ContainerPortResource */
function portShape({ host, container, protocol }: ComposeService["ports"][number]) {
  return {
    type: host === null ? "exposed" : "published", protocol, host_ip: host === null ? null : "0.0.0.0", host_port: host, container_port: container,
    host_port_start: null, host_port_end: null, container_port_start: null, container_port_end: null,
  };
}
