#!/bin/bash
# Makes a VPS that waited in a pool a user's own: what identifies the machine is renewed, what was written on it until
# now is removed. Sent over SSH and run as root by `bash -s`, so it is read from standard input: everything that runs is
# in main, which is complete before it starts. A run that was cut off anywhere is gone on with by the next one; what has
# come to its end is not done again, for by then the logs are the user's.

set -euo pipefail

HANDOVER_ORDER=__HANDOVER_ORDER__
HANDOVER_HOSTNAME=__HOSTNAME__

done_file=/etc/spoq/handover      # the order that has come to its end
steps_file=/etc/spoq/handover.new # the order that is under way, and its steps that are done

say() { # The connection may be gone; that is no reason to stop half-way.
  echo "handover: $*" || true
}

fail() { # fail MESSAGE
  echo "HANDOVER_FAILED: $*" >&2 || true
  exit 1
}

wait_for_first_boot() { # the post-install script removes itself when all its steps are done
  local seconds=0
  while [ -e /post_install ]; do
    if [ "$seconds" -ge 900 ]; then
      fail "the post-install script has not come to its end. Next: look at /post_install.log on the VPS, mend it with 'bash /post_install', and run 'up' again."
    fi
    sleep 5
    seconds=$((seconds + 5))
  done
}

step() { # step NAME: a function that may be run again as long as it has not come to its end
  if grep -qx "$1" "$steps_file"; then return 0; fi
  "$1" & # by itself, where any command that fails ends it
  wait "$!" || fail "$1 went wrong. Next: look at the VPS over SSH, then run 'up' again."
  echo "$1" >> "$steps_file"
  say "$1"
}

renew_machine_id() {
  # Into a file beside it, so that there always is one.
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n' > /etc/machine-id.new
  echo >> /etc/machine-id.new
  chmod 0444 /etc/machine-id.new
  mv -f /etc/machine-id.new /etc/machine-id
  if [ -e /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then cp -f /etc/machine-id /var/lib/dbus/machine-id; fi
}

name_the_machine() {
  local before
  before=$(cat /etc/hostname 2> /dev/null || true)
  echo "$HANDOVER_HOSTNAME" > /etc/hostname.new
  mv -f /etc/hostname.new /etc/hostname
  hostname "$HANDOVER_HOSTNAME" 2> /dev/null || true # a container may not
  if [ -e /etc/hosts ]; then
    # The whole name, and its first part as it stands beside it.
    before="$before" after="$HANDOVER_HOSTNAME" awk '
      BEGIN { before = ENVIRON["before"]; after = ENVIRON["after"]; split(before, b, "."); split(after, a, ".") }
      function is_old(word) { return word ~ /^pool-[0-9a-f]+(\.|$)/ || (before != "" && b[1] != "localhost" && (word == before || word == b[1])) }
      /^[ \t]*(#|$)/ { print; next }
      { line = $1; for (i = 2; i <= NF; i++) line = line " " (is_old($i) ? (index($i, ".") ? after : a[1]) : $i); print line }
    ' /etc/hosts > /etc/hosts.new
    chmod 0644 /etc/hosts.new
    mv -f /etc/hosts.new /etc/hosts
  fi
}

# What Caddy has kept of its certificates and configuration. It has a new name, and is restarted with it, later.
forget_certificates() {
  rm -rf /var/lib/caddy/.local/share/caddy /var/lib/caddy/.config/caddy/autosave.json /root/.local/share/caddy /root/.config/caddy/autosave.json
}

forget_history() {
  local home
  for home in /root /home/*; do
    if [ ! -d "$home" ]; then continue; fi
    rm -rf "$home"/.bash_history "$home"/.*_history "$home"/.viminfo "$home"/.lesshst "$home"/.wget-hsts "$home"/.ssh/known_hosts* "$home"/.cache
  done
  # The folders of services that run are theirs.
  find /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' ! -name '.*-unix' -exec rm -rf {} +
}

# What cloud-init was told at the first boot, and the name of then, are removed; that there was a first boot stays known,
# for without it the machine would begin anew. The name is nothing that a later boot may set back.
forget_first_boot() {
  local cloud=/var/lib/cloud known
  if [ -d /etc/cloud ]; then
    install -d -m 0755 /etc/cloud/cloud.cfg.d
    echo 'preserve_hostname: true' > /etc/cloud/cloud.cfg.d/99-user-vps-hostname.cfg
  fi
  rm -f "$cloud"/data/previous-hostname "$cloud"/data/set-hostname /run/cloud-init/instance-data*.json /run/cloud-init/combined-cloud-config.json
  if [ ! -d "$cloud" ]; then return 0; fi
  for known in "$cloud"/instances/*/obj.pkl; do
    if [ -e "$known" ]; then forget_told "$known" 2> /dev/null || rm -f "$known" "$known.new"; fi
  done
  find "$cloud" \( -path "$cloud/instances/*" -o -path "$cloud/seed/*" \) -type f ! -path '*/sem/*' ! -name obj.pkl ! -name boot-finished ! -name datasource ! -name network-config\* ! -name meta-data -exec truncate -s 0 {} +
  find "$cloud/seed" -type f -name meta-data -exec sed -i -E '/^[[:space:]]*"?(local-)?hostname"?[[:space:]]*:/d' {} + 2> /dev/null || true
}

# forget_told FILE: the data source as cloud-init keeps it, by which it knows the machine again.
forget_told() {
  python3 -c '
import os, pickle, sys
path = sys.argv[1]
with open(path, "rb") as file:
    source = pickle.load(file)
for name in ("userdata_raw", "vendordata_raw", "vendordata2_raw", "userdata", "vendordata", "vendordata2"):
    if getattr(source, name, None) is not None:
        setattr(source, name, None)
for name in ("local-hostname", "local_hostname", "hostname", "public-hostname", "name"):
    source.metadata.pop(name, None)
with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
    pickle.dump(source, file)
os.replace(path + ".new", path)
' "$1"
}

# Files that a service has open are emptied, so that it goes on writing to them; all others go.
forget_logs() {
  if command -v journalctl > /dev/null; then
    journalctl --rotate > /dev/null 2>&1 || true
    journalctl --vacuum-time=1s > /dev/null 2>&1 || true
  fi
  # Of the machine that it was: the journal's folder is called by its id.
  local journal
  for journal in /var/log/journal /run/log/journal; do
    if [ -d "$journal" ]; then find "$journal" -mindepth 1 -maxdepth 1 -type d ! -name "$(cat /etc/machine-id)" -exec rm -rf {} +; fi
  done
  find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' -o -name '*.xz' \) -delete
  find /var/log -type f ! -path '/var/log/journal/*' -exec truncate -s 0 {} +
  rm -f /post_install.log /post_install
  rm -rf /var/crash/* /var/lib/systemd/coredump/*
  if command -v systemctl > /dev/null; then systemctl try-restart systemd-journald > /dev/null 2>&1 || true; fi
}

# Last of all: from here on the machine is known by other keys.
renew_host_keys() {
  local key folder=/etc/ssh/new-host-keys
  rm -rf "$folder"
  install -d -m 0700 "$folder" "$folder/etc/ssh"
  ssh-keygen -A -f "$folder" > /dev/null
  for key in "$folder"/etc/ssh/ssh_host_*_key; do
    if [ ! -s "$key" ]; then return 1; fi
    mv -f "$key.pub" /etc/ssh/
    mv -f "$key" /etc/ssh/
  done
  rm -rf "$folder"
}

# Connections that are there, this one among them, stay.
show_host_keys() {
  if command -v systemctl > /dev/null; then
    systemctl reload-or-restart ssh > /dev/null 2>&1 || systemctl reload-or-restart sshd > /dev/null 2>&1 || return 1
  fi
}

tell_host_keys() {
  local file
  for file in /etc/ssh/ssh_host_*_key.pub; do
    if [ -s "$file" ]; then awk '{ print "HOST_KEY " $1 " " $2 }' "$file"; fi
  done
}

main() {
  trap '' HUP PIPE # a broken connection must not leave half a change
  export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  unset HISTFILE
  umask 022
  exec 9> /run/user-vps-release.lock
  flock -w 1200 9 || fail "a release on this VPS does not end. Next: run 'up' again later."
  wait_for_first_boot # what it is at work with is among what is removed
  install -d -m 0755 /etc/spoq
  if [ -e "$done_file" ] && [ "$(cat "$done_file")" = "$HANDOVER_ORDER" ]; then
    rm -f "$steps_file" # a run that was cut off at its very end leaves it
    say "was done before"
    tell_host_keys
    return 0
  fi
  if [ "$(head -n 1 "$steps_file" 2> /dev/null || true)" != "order $HANDOVER_ORDER" ]; then echo "order $HANDOVER_ORDER" > "$steps_file"; fi
  step renew_machine_id
  step name_the_machine
  step forget_certificates
  step forget_history
  step forget_first_boot
  step forget_logs
  step renew_host_keys
  step show_host_keys
  echo "$HANDOVER_ORDER" > "$done_file.tmp"
  mv -f "$done_file.tmp" "$done_file"
  rm -f "$steps_file"
  say "nothing is left of the time before"
  tell_host_keys
}

main < /dev/null
