#!/bin/bash
# Spoq VPS Provisioning Script
# Executed automatically by Hostinger after VPS creation
# Output logged to /post_install.log

set -e

# Variables injected at runtime
SSH_PASSWORD="__SSH_PASSWORD__"
OWNER_ID="__OWNER_ID__"
JWT_SECRET="__JWT_SECRET__"
HOSTNAME="__HOSTNAME__"
CONDUCTOR_URL="__CONDUCTOR_URL__"
CLI_URL="__CLI_URL__"

echo "=== Spoq VPS Provisioning ==="

# 1. System updates
apt-get update && apt-get upgrade -y

# 2. Install dependencies
apt-get install -y curl jq ca-certificates

# 3. Create spoq user
useradd -m -s /bin/bash spoq
echo "spoq:$SSH_PASSWORD" | chpasswd
usermod -aG sudo spoq
echo "spoq ALL=(ALL) NOPASSWD:ALL" >> /etc/sudoers.d/spoq

# 4. Download and install Conductor
curl -sSL "$CONDUCTOR_URL" -o /usr/local/bin/conductor
chmod +x /usr/local/bin/conductor

# 5. Configure Conductor
mkdir -p /etc/conductor
cat > /etc/conductor/config.toml << EOF
[server]
host = "0.0.0.0"
port = 8080

[auth]
owner_id = "$OWNER_ID"
jwt_secret = "$JWT_SECRET"
EOF

# 6. Create VPS marker file
mkdir -p /etc/spoq
cat > /etc/spoq/vps.marker << EOF
{
  "vps": true,
  "conductor": "http://localhost:8080",
  "version": "1.0"
}
EOF

# 7. Create Conductor systemd service
cat > /etc/systemd/system/conductor.service << 'SERVICEEOF'
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
SERVICEEOF

systemctl daemon-reload
systemctl enable conductor
systemctl start conductor

# 8. Download and install Spoq CLI
curl -sSL "$CLI_URL" -o /usr/local/bin/spoq
chmod +x /usr/local/bin/spoq

# 9. Setup welcome message
cat > /home/spoq/.bashrc << 'BASHRC'
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
chown spoq:spoq /home/spoq/.bashrc

# 10. Configure firewall
ufw allow 22    # SSH
ufw allow 80    # HTTP (for Let's Encrypt verification)
ufw allow 443   # HTTPS
ufw --force enable

# 11. Install Caddy
apt-get install -y debian-keyring debian-archive-keyring apt-transport-https
curl -1sLf 'https://dl.cloudsmith.io/public/caddy/stable/gpg.key' | gpg --dearmor -o /usr/share/keyrings/caddy-stable-archive-keyring.gpg
curl -1sLf 'https://dl.cloudsmith.io/public/caddy/stable/debian.deb.txt' | tee /etc/apt/sources.list.d/caddy-stable.list
apt-get update && apt-get install -y caddy

# 12. Configure Caddy
cat > /etc/caddy/Caddyfile << EOF
$HOSTNAME {
    reverse_proxy localhost:8080
}
EOF

systemctl enable caddy
systemctl restart caddy

echo "=== Provisioning Complete ==="
echo "Conductor: $(systemctl is-active conductor)"
echo "Caddy: $(systemctl is-active caddy)"
