#!/bin/bash
# Brings new credentials, another owner and another host name to a VPS that is already there. Sent over SSH and run
# as root by `bash -s`, so it is read from standard input: everything that runs is in main, which is
# complete before it starts. Only the lines that have to change are changed: the rest of the files is
# the user's, and so is a password or secret that they have changed since it was last set here. Running
# it again is safe at any time, also after a run that was cut off anywhere.

set -euo pipefail

# OWNER_ID and JWT_SECRET are escaped for the inside of a TOML string.
SSH_PASSWORD=__SSH_PASSWORD__
OWNER_ID=__OWNER_ID__
JWT_SECRET=__JWT_SECRET__
SPOQ_HOSTNAME=__HOSTNAME__
BOOT_HOSTNAME=__BOOT_HOSTNAME__
# Not empty: the first boot has set this very password and this very secret.
INSTALLED_WITH_THESE=__INSTALLED_WITH_THESE__
# What stands at the top of the Caddyfile, e-mail and certificate authority; empty for Caddy's own way.
CADDY_OPTIONS=__CADDY_OPTIONS__

config=/etc/conductor/config.toml
caddyfile=/etc/caddy/Caddyfile
# The host name that Caddy was last told here; not there as long as that is the one of the first boot.
told=/etc/spoq/hostname
# Of the password and the secret that were last set here: their SHA-256.
password_set=/etc/spoq/password.set
secret_set=/etc/spoq/jwt-secret.set
before=

say() { # The connection may be gone; that is no reason to stop half-way.
  echo "configuration: $*" || true
}

fail() { # fail MESSAGE
  echo "CONFIGURATION_FAILED: $*" >&2 || true
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

# The new content is on standard input. The mark stays until the service has been restarted with it.
replace() { # replace FILE UNIT
  (umask 077 && cat > "$1.new")
  if cmp -s "$1.new" "$1"; then
    rm -f "$1.new"
    return 0
  fi
  chown --reference="$1" "$1.new"
  chmod --reference="$1" "$1.new"
  touch "/etc/spoq/$2.changed"
  mv -f "$1.new" "$1"
}

is_set() { # is_set FILE VALUE: it was the last that was set here, or at the first boot if nothing was here
  if [ ! -e "$1" ]; then
    [ -n "$INSTALLED_WITH_THESE" ]
    return
  fi
  [ "$(cat "$1")" = "$(printf '%s' "$2" | sha256sum)" ]
}

note_set() { # note_set FILE VALUE
  (umask 077 && printf '%s' "$2" | sha256sum > "$1.new")
  mv -f "$1.new" "$1"
}

restart_if_changed() { # restart_if_changed UNIT
  if [ ! -e "/etc/spoq/$1.changed" ]; then return 0; fi
  systemctl restart "$1" || fail "$1 does not start. Next: look at 'journalctl -u $1' on the VPS, then run 'up' again."
  rm -f "/etc/spoq/$1.changed"
  say "$1 is restarted"
}

# Before anything is changed: a change that can only come half-way is none.
check_files() {
  local key
  for key in owner_id jwt_secret; do
    grep -q "^[[:blank:]]*${key}[[:blank:]]*=" "$config" || fail "$config has no $key. Next: add '$key = \"\"' under [auth], and run 'up' again; if there is no Conductor on this VPS, have it installed anew."
  done
  if [ "$SPOQ_HOSTNAME" = "$before" ]; then return 0; fi
  before="$before" after="$SPOQ_HOSTNAME" awk '$1 == ENVIRON["before"] || $1 == ENVIRON["after"] { found = 1 } END { exit !found }' "$caddyfile" ||
    fail "$caddyfile serves neither $before nor $SPOQ_HOSTNAME. Next: make one of them the name of the site, and run 'up' again."
}

set_password() {
  if ! is_set "$password_set" "$SSH_PASSWORD"; then
    printf 'spoq:%s\n' "$SSH_PASSWORD" | chpasswd || fail "the password of the user spoq cannot be set. Next: see whether the user is still there."
  fi
  note_set "$password_set" "$SSH_PASSWORD"
}

# By the environment, where nothing of the value is taken for a pattern or an escape.
set_owner_and_jwt_secret() {
  local content keeps_secret=
  if is_set "$secret_set" "$JWT_SECRET"; then keeps_secret=yes; fi
  content=$(OWNER_ID="$OWNER_ID" JWT_SECRET="$JWT_SECRET" keeps_secret="$keeps_secret" awk '
    /^[ \t]*owner_id[ \t]*=/ && !owner { print "owner_id = \"" ENVIRON["OWNER_ID"] "\""; owner = 1; next }
    /^[ \t]*jwt_secret[ \t]*=/ && !secret && ENVIRON["keeps_secret"] == "" { print "jwt_secret = \"" ENVIRON["JWT_SECRET"] "\""; secret = 1; next }
    { print }
  ' "$config")
  replace "$config" conductor <<< "$content"
  note_set "$secret_set" "$JWT_SECRET"
}

set_hostname() {
  local content
  # What is as it was is the user's: they may have written it in another way.
  if [ "$SPOQ_HOSTNAME" = "$before" ]; then return 0; fi
  content=$(before="$before" after="$SPOQ_HOSTNAME" awk '
    $1 == ENVIRON["before"] || $1 == ENVIRON["after"] { sub(/[^ \t]+/, ENVIRON["after"]) }
    { print }
  ' "$caddyfile")
  replace "$caddyfile" caddy <<< "$content"
  echo "$SPOQ_HOSTNAME" > "$told.new"
  mv -f "$told.new" "$told"
}

# Only between the lines that say whose it is; a user's own options at the top stay, for Caddy takes one block of them.
set_certificate_authority() {
  local content theirs
  if [ ! -e "$caddyfile" ]; then
    say "there is no $caddyfile: no e-mail and no certificate authority is set"
    return 0
  fi
  if [ -z "$CADDY_OPTIONS" ] && ! grep -q '^# Set by user-vps: ' "$caddyfile"; then return 0; fi
  theirs=$(awk '
    /^# Set by user-vps: / { ours = 1 }
    !ours { print }
    /^# End of what user-vps set\.$/ { ours = 0 }
  ' "$caddyfile")
  if awk '!/^[ \t]*(#|$)/ { exit !/^[ \t]*\{/ }' <<< "$theirs" && [ -n "$CADDY_OPTIONS" ]; then
    say "$caddyfile has options of its own: e-mail and certificate authority are left as they are there"
    return 0
  fi
  content=$CADDY_OPTIONS$theirs
  if [ -n "$CADDY_OPTIONS" ] && getent group caddy > /dev/null; then
    chgrp caddy "$caddyfile"
    chmod o-rwx "$caddyfile" # a key of the authority may be among them
  fi
  replace "$caddyfile" caddy <<< "$content"
}

main() {
  trap '' HUP PIPE # a broken connection must not leave half a change
  export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  umask 022
  exec 9> /run/user-vps-release.lock
  flock -w 1200 9 || fail "a release on this VPS does not end. Next: run 'up' again later."
  wait_for_first_boot
  install -d -m 0755 /etc/spoq
  before=$BOOT_HOSTNAME
  if [ -e "$told" ]; then before=$(cat "$told"); fi
  check_files
  set_password
  set_owner_and_jwt_secret
  restart_if_changed conductor
  set_hostname
  set_certificate_authority
  restart_if_changed caddy
  say "credentials, owner and host name are as declared"
}

main < /dev/null
