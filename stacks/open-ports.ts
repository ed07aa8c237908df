/** What a VPS has to answer to: SSH, the verification of certificates, HTTPS. Hostinger's firewall and the VPS's own open just these. */
export function openPorts({ sshPort }: { readonly sshPort: number }): readonly string[] {
  return [...new Set([sshPort, 80, 443].map(String))];
}
