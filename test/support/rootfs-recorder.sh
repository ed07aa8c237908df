#!/bin/bash
# Stands in for the program whose name it is called by, in a test's root file system; see
# rootfs-recorders.ts. Arguments end with \x1f and calls with \x1e, which the script's values cannot hold.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
name=$(basename "$0")
{ printf '%s\x1f' "$name" "$@"; printf '\x1e'; } >> /recorders/calls

last="${*: -1}"
output=
for ((i = 1; i < $#; i++)); do
  next=$((i + 1))
  if [ "${!i}" = -o ]; then output=${!next}; fi
done

case $name in
  apt-get | curl | gpg | systemctl | ufw | sleep) cat >> /recorders/stdin ;;
  *) exec "$name" "$@" ;;
esac

case $name in
  curl)
    if grep -qsxF -- "$last" /recorders/curl-fails; then echo "curl: (22) 404" >&2; printf 404; exit 22; fi
    if grep -qsxF -- "$last" /recorders/curl-empty; then : > "$output"; exit 0; fi
    printf 'downloaded from %s\n' "$last" > "$output"
    ;;
  gpg) { echo "dearmored:"; cat "$last"; } > "$output" ;;
  systemctl) if [ "$1" = is-active ]; then echo active; fi ;;
  apt-get)
    if [ -s /recorders/apt-failures ]; then
      truncate -s -1 /recorders/apt-failures
      echo "E: Failed to fetch http://mirror.example.com" >&2
      exit 100
    fi
    # Caddy's package comes with a configuration file.
    if [ "$last" = caddy ] && [ ! -e /etc/caddy/Caddyfile ]; then
      mkdir -p /etc/caddy
      echo ":80" > /etc/caddy/Caddyfile
    fi
    ;;
esac
