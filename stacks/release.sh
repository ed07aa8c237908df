#!/bin/bash
# Installs a release on a VPS that is already there. Sent over SSH and run as root by `bash -s`, so
# it is read from standard input: everything that runs is in main, which is complete before it starts.
# Running it again is safe at any time, also after a run that was cut off anywhere.

set -euo pipefail

# Empty where the release has no such program.
RELEASE_VERSION=__RELEASE_VERSION__
CONDUCTOR_URL=__CONDUCTOR_URL__
CONDUCTOR_SHA256=__CONDUCTOR_SHA256__
CLI_URL=__CLI_URL__
CLI_SHA256=__CLI_SHA256__

bin=/usr/local/bin
# Downloads lie beside the programs, on the same file system, so that all that needs space is done before anything is changed.
staged=$bin/.release
# There from before the new Conductor is installed until it has answered: it is not to be kept as the previous one.
unproven=$bin/conductor.unproven
doing="waiting for another release on this VPS to end"
locked=
told=

say() { # The connection may be gone; that is no reason to stop half-way.
  echo "release $RELEASE_VERSION: $*" || true
}

fail() { # fail MESSAGE
  told=yes
  echo "RELEASE_FAILED: release $RELEASE_VERSION: $*" >&2 || true
  exit 1
}

at_exit() {
  local status=$?
  if [ -n "$locked" ]; then rm -rf "$staged"; fi
  if [ "$status" -ne 0 ] && [ -z "$told" ]; then
    fail "$doing ended with exit code $status. Next: look at the run's log; if the VPS's disk is full ('df $bin'), make room; then release again."
  fi
}

wait_for_first_boot() { # the post-install script removes itself when all its steps are done
  local seconds=0
  while [ -e /post_install ]; do
    if [ "$seconds" -ge 900 ]; then
      fail "the post-install script has not come to its end. Next: look at /post_install.log on the VPS, mend it with 'bash /post_install', and release again."
    fi
    sleep 5
    seconds=$((seconds + 5))
  done
}

is_installed() { # is_installed NAME SHA256
  [ -e "$bin/$1" ] && echo "$2  $bin/$1" | sha256sum --check --status
}

fetch() { # fetch NAME URL SHA256
  if [ -z "$2" ]; then return 0; fi
  if is_installed "$1" "$3"; then
    say "$1 is installed already"
    return 0
  fi
  local status=0
  # Without the lock: a download that outlives this script must not hold up the next run.
  curl -fsSL --globoff --retry 5 --retry-delay 3 --retry-all-errors --retry-max-time 900 --connect-timeout 15 --max-time 600 \
    -o "$staged/$1" "$2" 9>&- || status=$?
  if [ "$status" -eq 23 ]; then
    fail "$1 cannot be written; nothing was changed. Next: make room on the VPS's disk ('df $bin'), and release again."
  elif [ "$status" -ne 0 ]; then
    fail "$1 cannot be downloaded; nothing was changed. Next: check the release's URL for $1, and release again."
  fi
  if ! echo "$3  $staged/$1" | sha256sum --check --status; then
    fail "$1 has another checksum (SHA-256) than the release says; nothing was changed. Next: check the release's URL and checksum for $1."
  fi
  chmod 0755 "$staged/$1"
  sync "$staged/$1" # on the disk before its name is, or a power failure could leave an empty program
  say "$1 is downloaded and has the right checksum"
}

put() { # put FILE NAME: in one step, so that nobody ever runs half a program, and without any space
  if [ "$1" -ef "$bin/$2" ]; then return 0; fi
  rm -f "$staged/next"
  ln "$1" "$staged/next"
  mv -f "$staged/next" "$bin/$2"
}

conductor_answers() { # three times in a row, so that one that soon falls over again does not pass
  local attempt answers=0
  for attempt in $(seq 1 40); do
    if curl -fsS --noproxy '*' --max-time 5 -o /dev/null http://localhost:8080/health; then
      answers=$((answers + 1))
      if [ "$answers" -eq 3 ]; then return 0; fi
    else
      answers=0
    fi
    sleep 1
  done
  say "Conductor did not answer GET /health after $attempt attempts"
  return 1
}

release_conductor() {
  if [ -z "$CONDUCTOR_URL" ]; then return 0; fi
  if [ -e "$staged/conductor" ]; then
    if [ ! -e "$unproven" ] && [ -e "$bin/conductor" ]; then
      put "$bin/conductor" conductor.previous
    fi
    touch "$unproven"
    put "$staged/conductor" conductor
  fi
  if [ ! -e "$unproven" ]; then
    if conductor_answers; then return 0; fi
    fail "Conductor was of this release already and does not answer GET /health; nothing was changed. Next: look at 'journalctl -u conductor' on the VPS."
  fi
  # If it cannot be restarted, whatever answers is not the new one.
  if systemctl restart conductor && conductor_answers; then
    rm -f "$unproven"
    say "Conductor is installed and healthy"
  else
    roll_back
  fi
}

roll_back() {
  if [ ! -e "$bin/conductor.previous" ]; then
    fail "Conductor is not healthy, and there is no previous program to go back to. Next: release a version that works."
  fi
  put "$bin/conductor.previous" conductor
  # Until it is restarted the new one goes on running: whoever comes next has to do that.
  if systemctl restart conductor; then
    rm -f "$unproven"
    if conductor_answers; then
      fail "Conductor was not healthy and was rolled back; the previous program runs and is healthy. Next: release a version that works; 'journalctl -u conductor' on the VPS tells what was wrong."
    fi
  fi
  fail "Conductor was not healthy and was rolled back, but the previous program does not answer either. Next: look at 'journalctl -u conductor' on the VPS."
}

release_cli() {
  if [ ! -e "$staged/spoq" ]; then return 0; fi
  if [ -e "$bin/spoq" ]; then put "$bin/spoq" spoq.previous; fi
  put "$staged/spoq" spoq
  say "the CLI is installed"
}

main() {
  trap '' HUP PIPE # a broken connection must not leave a new program unproven
  trap at_exit EXIT
  export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  umask 022
  exec 9> /run/user-vps-release.lock
  flock -w 1200 9 || fail "another release on this VPS does not end. Next: release again later."
  locked=yes
  doing="waiting for the end of the first boot"
  wait_for_first_boot
  doing="downloading"
  rm -rf "$staged"
  mkdir -m 0700 "$staged"
  fetch conductor "$CONDUCTOR_URL" "$CONDUCTOR_SHA256"
  fetch spoq "$CLI_URL" "$CLI_SHA256"
  doing="installing Conductor"
  release_conductor
  doing="installing the CLI"
  release_cli
  say "done"
}

main < /dev/null
