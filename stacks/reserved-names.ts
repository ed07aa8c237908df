/**
 * Names that somebody could take for a service of the domain itself. One list, sorted by kind;
 * add to it before the name is used for a service.
 */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  // the web site and its services
  ...["www", "web", "app", "apps", "api", "apis", "auth", "login", "signin", "signup", "account", "accounts", "sso", "oauth", "id"],
  ...["admin", "administrator", "console", "dashboard", "panel", "portal", "status", "health", "metrics", "monitor", "monitoring", "grafana"],
  ...["blog", "docs", "doc", "help", "support", "forum", "community", "news", "about", "legal", "privacy", "security", "abuse", "contact"],
  ...["billing", "pay", "payment", "payments", "shop", "store", "static", "assets", "cdn", "media", "img", "images", "files", "download", "downloads"],
  // mail; hostmaster, postmaster and webmaster are also names of RFC 2142 that certificates are issued to
  ...["mail", "email", "webmail", "smtp", "imap", "pop", "pop3", "mx", "mx1", "mx2", "autodiscover", "autoconfig"],
  ...["hostmaster", "postmaster", "webmaster", "noreply", "no-reply", "mailer-daemon"],
  // network
  ...["ns", "ns1", "ns2", "ns3", "ns4", "dns", "dns1", "dns2", "ftp", "sftp", "ssh", "vpn", "proxy", "gateway", "wpad", "isatap", "localhost", "local"],
  // environments
  ...["dev", "test", "testing", "stage", "staging", "qa", "uat", "demo", "sandbox", "beta", "preview", "prod", "production", "internal"],
  // the operators and the product
  ...["root", "system", "sysadmin", "operator", "team", "staff", "git", "ci", "spoq", "conductor", "vps", "host", "server"],
]);
