/** The URL of a state backend as the engine takes it: Go's driver insists on TLS unless told, node-postgres does not. */
export function engineBackendUrl(url: string, applicationName?: string): string {
  if (!/^postgres(ql)?:/.test(url)) return url;
  const parsed = new URL(url);
  // So that an operator sees in pg_stat_activity whose connections these are.
  if (applicationName !== undefined) parsed.searchParams.set("application_name", applicationName);
  if (!parsed.searchParams.has("sslmode")) parsed.searchParams.set("sslmode", "disable");
  return parsed.href;
}
