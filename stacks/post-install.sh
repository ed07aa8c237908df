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

# The log may take standard output alone, and a first boot may give next to no environment.
exec 2>&1
export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME="${HOME:-/root}"
export DEBIAN_FRONTEND=noninteractive
export NEEDRESTART_MODE=l # list only: a restarted guest agent would take this script down with it
umask 022

current_step="none yet"
downloads=$(mktemp -d)

at_exit() {
  local status=$?
  rm -rf "$downloads"
  if [ "$status" -ne 0 ]; then
    echo "!!! Provisioning failed in step $current_step (exit status $status)"
  fi
}
trap at_exit EXIT

step() { # step NUMBER TITLE
  current_step="$1/12: $2"
  echo "=== step $current_step"
}

# Waits for the package manager of the first boot, and outlives a mirror's bad minute.
apt_get() { # apt_get ARGUMENT...
  local attempt=1
  until apt-get -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; do
    echo "apt-get $1 failed, attempt $attempt of 5"
    if [ "$attempt" -eq 5 ]; then return 1; fi
    sleep $((attempt * 10))
    attempt=$((attempt + 1))
  done
}

download() { # download URL FILE
  curl -fsSL --globoff --retry 5 --retry-delay 3 --retry-all-errors --connect-timeout 15 --max-time 600 \
    -o "$2" "$1"
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
dpkg --force-confdef --force-confold --configure -a # finishes what an interrupted run left behind
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
ufw allow 22  # SSH
ufw allow 80  # HTTP, where Let's Encrypt verifies the host name
ufw allow 443 # HTTPS
ufw --force enable

step 11 "Caddy"
apt_get install debian-keyring debian-archive-keyring apt-transport-https
download 'https://dl.cloudsmith.io/public/caddy/stable/gpg.key' "$downloads/caddy.asc"
gpg --batch --yes --dearmor -o "$downloads/caddy.gpg" "$downloads/caddy.asc"
write_file 0644 root:root /usr/share/keyrings/caddy-stable-archive-keyring.gpg < "$downloads/caddy.gpg"
download 'https://dl.cloudsmith.io/public/caddy/stable/debian.deb.txt' "$downloads/caddy.list"
write_file 0644 root:root /etc/apt/sources.list.d/caddy-stable.list < "$downloads/caddy.list"
apt_get update
apt_get install caddy

step 12 "Caddy's configuration"
install -d -m 0755 /etc/caddy
write_file 0644 root:root /etc/caddy/Caddyfile << CADDYFILE
$SPOQ_HOSTNAME {
    reverse_proxy localhost:8080
}
CADDYFILE
systemctl enable caddy
systemctl restart caddy

echo "=== Provisioning Complete ==="
echo "Conductor: $(systemctl is-active conductor)"
echo "Caddy: $(systemctl is-active caddy)"

# The password in this file is of no further use here, and would go into every backup of the disk.
rm -f /post_install
