export interface ComposeService {
  name: string;
  image: string;
  ports: { host: number | null; container: number; protocol: "tcp" | "udp" }[];
}

/** As much of a Compose file as its containers are told by: services, images and ports, in block style. */
export function composeServices(content: string): ComposeService[] {
  const services: ComposeService[] = [];
  let inServices = false;
  let nameIndent: number | undefined;
  for (const line of content.split(/\r?\n/)) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const indent = line.length - line.trimStart().length;
    if (indent === 0) {
      inServices = /^services:\s*$/.test(line);
      nameIndent = undefined;
      continue;
    }
    if (!inServices) continue;
    nameIndent ??= indent;
    const name = indent === nameIndent ? /^\s*["']?([\w.-]+)["']?:/.exec(line)?.[1] : undefined;
    if (name !== undefined) services.push({ name, image: "", ports: [] });
    const service = services.at(-1);
    const image = /^\s*image:\s*["']?([^"'\s]+)/.exec(line)?.[1];
    if (service !== undefined && image !== undefined) service.image = image;
    const port = /^\s*-\s*["']?(?:\d+(?:\.\d+){3}:)?(?:(\d+):)?(\d+)(?:\/(tcp|udp))?["']?\s*$/.exec(line);
    if (service !== undefined && port) service.ports.push({ host: port[1] === undefined ? null : Number(port[1]), container: Number(port[2]), protocol: port[3] === "udp" ? "udp" : "tcp" });
  }
  return services;
}
