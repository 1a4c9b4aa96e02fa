#!/usr/bin/env bash
# What has to be installed, and how it gets there. Sourced by ../../allocora.
set -eu

need_sdk() {
  command -v dotnet >/dev/null || fail "The .NET SDK is missing; install .NET SDK 10.0.4xx or newer in 10.0 and put dotnet on the PATH."
  (cd "$root" && dotnet --version) >/dev/null 2>&1 ||
    fail "This needs .NET SDK 10.0.4xx or newer in 10.0; installed: $(cd / && dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ')."
}

postgres_versions() { # newest first
  local program
  for program in /usr/lib/postgresql/*/bin/postgres; do
    if [ -x "$program" ]; then echo "$program" | cut -d/ -f5; fi
  done | sort -rn
}

has_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && command -v epmd >/dev/null; }

# Installs what is missing when it may; otherwise says how to, in one line. $1 and $2: servers given from outside.
need_servers() {
  local missing=()
  [ -n "$1" ] || [ -n "$(postgres_versions)" ] || missing+=(postgresql)
  [ -n "$2" ] || has_rabbitmq || missing+=(rabbitmq-server)
  need_packages "Install PostgreSQL 15+ and RabbitMQ 3.10+ with your package manager." "${missing[@]}"
}

# The identity provider of the tests is a program for Node.
need_node() {
  local missing=()
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  need_packages "Install Node 18+ with npm." "${missing[@]}"
}

# The pages are tested in the browser that Debian has.
need_browser() {
  local missing=()
  [ -x /usr/bin/chromium ] || missing+=(chromium)
  need_packages "Install Chromium as /usr/bin/chromium." "${missing[@]}"
}

# $1: what to do where there is no apt. The others: packages that are missing.
need_packages() {
  local advice=$1 answer=""
  shift
  local missing=("$@")
  [ ${#missing[@]} -gt 0 ] || return 0

  local line="apt-get install --no-install-recommends ${missing[*]}"
  command -v apt-get >/dev/null || fail "Missing: ${missing[*]}. $advice"
  [ "$(id -u)" = 0 ] || fail "Missing: ${missing[*]}. Install with: sudo $line"
  if [ "$yes" != true ]; then
    [ -t 0 ] || fail "Missing: ${missing[*]}. Say --yes to have them installed, or run: $line"
    read -rp "Install ${missing[*]} now? [Y/n] " answer
    case $answer in [nN]*) fail "Missing: ${missing[*]}. Install with: $line" ;; esac
  fi
  install_packages "${missing[@]}"
}

# Debian starts a server when it installs it, and PostgreSQL makes a cluster; we want the programs and nothing running.
install_packages() (
  policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/allocora.conf log=$(mktemp)
  say "Installing $* ..."
  kept=$(mktemp -u "$policy.XXXXXX")
  [ ! -e "$policy" ] || mv "$policy" "$kept"
  restore() {
    rm -f "$policy" "$clusters" "$log"
    [ ! -e "$kept" ] || mv "$kept" "$policy"
    rmdir --ignore-fail-on-non-empty -p "$(dirname "$clusters")" 2>/dev/null || true
  }
  trap restore EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  mkdir -p "$(dirname "$clusters")"
  echo "create_main_cluster = false" >"$clusters"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -yq --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null ||
    { tail -n 5 "$log" >&2; fail "The packages could not be installed; see above, or install them with: apt-get install $*"; }
)
