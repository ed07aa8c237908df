#!/bin/bash
# Sets up one user's Spoq VPS. Hostinger saves this file as /post_install, runs it once as root
# on the first boot, and keeps its output in /post_install.log. The log names the step that failed;
# `bash /post_install` then runs everything again, which is safe: no step minds having been done.
# For Ubuntu 22.04 or later and Debian 11 or later.

set -euo pipefail

# Both files are readable by everybody when the script starts, and this one holds secrets.
for file in /post_install /post_install.log; do
  if [ -e "$file" ]; then chmod 0600 "$file"; fi
done

# OWNER_ID and JWT_SECRET are escaped for the inside of a TOML string.
SSH_PASSWORD=__SSH_PASSWORD__
OWNER_ID=__OWNER_ID__
JWT_SECRET=__JWT_SECRET__
SPOQ_HOSTNAME=__HOSTNAME__
CONDUCTOR_URL=__CONDUCTOR_URL__
CLI_URL=__CLI_URL__
SSH_PORT=__SSH_PORT__
# What stands at the top of the Caddyfile, e-mail and certificate authority; empty for Caddy's own way.
CADDY_OPTIONS=__CADDY_OPTIONS__

# The log may take standard output alone, and a first boot may give next to no environment.
exec 2>&1
export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME="${HOME:-/root}"
export DEBIAN_FRONTEND=noninteractive
export LC_ALL=C # messages are looked at
export NEEDRESTART_MODE=l # list only: a restarted guest agent would take this script down with it
umask 022

current_step=
step_began=0
may_pass= # whether what failed last may be another time
downloads=$(mktemp -d)

at_exit() {
  local status=$?
  rm -rf "$downloads"
  if [ "$status" -ne 0 ]; then
    if [ -n "$may_pass" ]; then echo "!!! What failed may pass: it is safe to run this again"; fi
    echo "!!! Provisioning failed in step ${current_step:-none yet} (exit status $status)"
  fi
}
trap at_exit EXIT

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

step_ended() {
  if [ -n "$current_step" ]; then echo "ended $(now), after $((SECONDS - step_began)) s"; fi
}

step() { # step NUMBER TITLE
  step_ended
  current_step="$1/12: $2"
  step_began=$SECONDS
  may_pass=
  echo "=== step $current_step"
  echo "began $(now)"
}

# Everything that apt and dpkg lock. apt can wait for the first one alone, dpkg for none.
lock_files=(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock)
lock_limit_seconds=600
lock_look_seconds=5

lock_holder() { # lock_holder FILE: says who holds it; fails if nobody does. What has it open holds it, nearly always.
  local fd pid
  if [ ! -e "$1" ]; then return 1; fi
  for pid in $(awk -v inode="$(stat -c %i "$1")" '$2 != "->" && $6 ~ (":" inode "$") { print $5 }' /proc/locks 2> /dev/null); do
    for fd in /proc/"$pid"/fd/*; do
      if [ "$fd" -ef "$1" ]; then
        echo "$1 is held by process $pid ($(tr '\0' ' ' < "/proc/$pid/cmdline" | cut -c 1-80))"
        return 0
      fi
    done
  done
  return 1
}

# On a first boot cloud-init and unattended-upgrades work on the packages as well.
wait_for_packages() { # wait_for_packages UNTIL, in bash's SECONDS
  local file holder told=
  for file in "${lock_files[@]}"; do
    while holder=$(lock_holder "$file"); do
      if [ "$SECONDS" -ge "$1" ]; then
        echo "The package manager is not free after $lock_limit_seconds s: $holder"
        return 1
      fi
      if [ "$holder" != "$told" ]; then echo "waiting: $holder"; fi
      told=$holder
      sleep "$lock_look_seconds"
    done
  done
}

# The one way to apt and dpkg: waits for who else works on the packages, and outlives a mirror's bad minute.
package_manager() { # package_manager COMMAND...
  local attempt=1 until=$((SECONDS + lock_limit_seconds)) status
  may_pass=yes
  while wait_for_packages "$until"; do
    status=0
    "$@" 2>&1 | tee "$downloads/said" || status=$?
    if [ "$status" -eq 0 ]; then
      may_pass=
      return 0
    fi
    # Somebody was faster: that is no failed attempt.
    if grep -Eqi "could not get lock|unable to (acquire|lock)|locked by another process|is another process using it" "$downloads/said" && [ "$SECONDS" -lt "$until" ]; then
      sleep "$lock_look_seconds"
      continue
    fi
    echo "$1 failed, attempt $attempt of 5"
    if [ "$attempt" -eq 5 ]; then return "$status"; fi
    sleep $((attempt * 10))
    attempt=$((attempt + 1))
  done
  return 1
}

apt_get() { # apt_get ARGUMENT...
  package_manager apt-get -y -o DPkg::Lock::Timeout=60 -o Acquire::Retries=3 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

download() { # download URL FILE
  local status=0 http
  http=$(curl -sSL --fail --globoff --retry 5 --retry-delay 3 --retry-all-errors --connect-timeout 15 --max-time 600 \
    -w '%{http_code}' -o "$2" "$1") || status=$?
  if [ "$status" -ne 0 ]; then
    # A refusal stays one; a server that is out of order, or not to be reached, does not.
    case $http in 401 | 402 | 403 | 404 | 410 | 451) may_pass= ;; *) may_pass=yes ;; esac
    return "$status"
  fi
  if [ ! -s "$2" ]; then
    echo "The download is empty."
    return 1
  fi
}

# The file is written next to its place and then moved there, so that nobody ever reads half of it.
write_file() { # write_file MODE OWNER:GROUP FILE, content on standard input
  (umask 077 && cat > "$3.new")
  chown "$2" "$3.new"
  chmod "$1" "$3.new"
  mv -f "$3.new" "$3"
}

install_program() { # install_program URL NAME
  download "$1" "$downloads/$2"
  write_file 0755 root:root "/usr/local/bin/$2" < "$downloads/$2"
}

echo "=== Spoq VPS Provisioning ==="

step 1 "system updates"
package_manager dpkg --force-confdef --force-confold --configure -a # finishes what an interrupted run left behind
apt_get update
apt_get upgrade

step 2 "dependencies"
apt_get install curl jq ca-certificates gnupg sudo ufw

step 3 "user spoq"
if ! id -u spoq > /dev/null 2>&1; then
  useradd -m -s /bin/bash spoq
fi
printf 'spoq:%s\n' "$SSH_PASSWORD" | chpasswd
unset SSH_PASSWORD
usermod -aG sudo spoq
write_file 0440 root:root /etc/sudoers.d/spoq << 'SUDOERS'
spoq ALL=(ALL) NOPASSWD:ALL
SUDOERS
visudo -cf /etc/sudoers.d/spoq

step 4 "Conductor"
install_program "$CONDUCTOR_URL" conductor

step 5 "Conductor's configuration"
install -d -m 0750 -o root -g spoq /etc/conductor
write_file 0640 root:spoq /etc/conductor/config.toml << TOML
[server]
host = "0.0.0.0"
port = 8080

[auth]
owner_id = "$OWNER_ID"
jwt_secret = "$JWT_SECRET"
TOML
unset OWNER_ID JWT_SECRET

step 6 "VPS marker"
install -d -m 0755 /etc/spoq
write_file 0644 root:root /etc/spoq/vps.marker << 'MARKER'
{
  "vps": true,
  "conductor": "http://localhost:8080",
  "version": "1.0"
}
MARKER

step 7 "Conductor's service"
write_file 0644 root:root /etc/systemd/system/conductor.service << 'SERVICE'
[Unit]
Description=Spoq Conductor - AI Backend Service
After=network.target

[Service]
Type=simple
User=spoq
Group=spoq
ExecStart=/usr/local/bin/conductor --config /etc/conductor/config.toml
Restart=always
RestartSec=5
Environment="RUST_LOG=info"

[Install]
WantedBy=multi-user.target
SERVICE
systemctl daemon-reload
systemctl enable conductor
systemctl restart conductor # not `start`: a second run may bring a new program

step 8 "Spoq CLI"
install_program "$CLI_URL" spoq

step 9 "welcome message"
write_file 0644 spoq:spoq /home/spoq/.bashrc << 'BASHRC'
export PATH="/usr/local/bin:$PATH"

# What prints here breaks scp, sftp and rsync, which read what the shell prints.
case $- in *i*) ;; *) return ;; esac

echo ""
echo "╔═══════════════════════════════════════════════════════════╗"
echo "║                    Welcome to Spoq!                       ║"
echo "║                                                           ║"
echo "║  Commands:                                                ║"
echo "║    spoq ask \"your question\"  - Ask AI anything            ║"
echo "║    spoq run                  - Run a task                 ║"
echo "║    spoq help                 - Show all commands          ║"
echo "║                                                           ║"
echo "╚═══════════════════════════════════════════════════════════╝"
echo ""
BASHRC

step 10 "firewall"
ufw allow "$SSH_PORT"
ufw allow 80  # HTTP, where Let's Encrypt verifies the host name
ufw allow 443 # HTTPS
ufw --force enable

step 11 "Caddy"
caddy_key=/usr/share/keyrings/caddy-stable-archive-keyring.gpg
caddy_list=/etc/apt/sources.list.d/caddy-stable.list

# The newest one, signed with the key of its makers. Each line decides: within `if`, bash does not stop by itself.
caddy_of_its_makers() {
  apt_get install debian-keyring debian-archive-keyring apt-transport-https || return 1
  download 'https://dl.cloudsmith.io/public/caddy/stable/gpg.key' "$downloads/caddy.asc" || return 1
  gpg --batch --yes --dearmor -o "$downloads/caddy.gpg" "$downloads/caddy.asc" || return 1
  write_file 0644 root:root "$caddy_key" < "$downloads/caddy.gpg" || return 1
  download 'https://dl.cloudsmith.io/public/caddy/stable/debian.deb.txt' "$downloads/caddy.list" || return 1
  write_file 0644 root:root "$caddy_list" < "$downloads/caddy.list" || return 1
  apt_get update || return 1
  apt_get install caddy
}

if ! caddy_of_its_makers; then
  # An older one, signed like the rest of the system: Debian 12 and Ubuntu 24.04 have it.
  echo "The package repository of Caddy's makers cannot be used; taking the system's own package"
  rm -f "$caddy_list" "$caddy_key"
  apt_get update
  apt_get install caddy
fi

step 12 "Caddy's configuration"
install -d -m 0755 /etc/caddy
caddyfile_access=(0644 root:root)
if [ -n "$CADDY_OPTIONS" ]; then caddyfile_access=(0640 root:caddy); fi # a key of the authority may be among them
write_file "${caddyfile_access[@]}" /etc/caddy/Caddyfile << CADDYFILE
$CADDY_OPTIONS$SPOQ_HOSTNAME {
    reverse_proxy localhost:8080
}
CADDYFILE
systemctl enable caddy
systemctl restart caddy

step_ended
echo "=== Provisioning Complete ==="
echo "Conductor: $(systemctl is-active conductor)"
echo "Caddy: $(systemctl is-active caddy)"

# The password in this file is of no further use here, and would go into every backup of the disk.
rm -f /post_install
