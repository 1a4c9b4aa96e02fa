#!/usr/bin/env bash
# The verb doctor. Sourced by ../../allocora.
set -eu

doctor() {
  options_only doctor "$@"
  local wrong=0 version
  good() { printf 'ok       %s\n' "$*"; }
  bad() { printf 'wrong    %s\n' "$*"; wrong=1; }
  note() { printf 'note     %s\n' "$*"; }

  if ! command -v dotnet >/dev/null; then bad ".NET SDK: missing; install .NET SDK 10.0.4xx"
  elif version=$(cd "$root" && dotnet --version 2>/dev/null); then good ".NET SDK $version"
  else bad ".NET SDK: 10.0.4xx is wanted, installed: $(cd / && dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ')"; fi

  version=$(postgres_versions | head -n 1)
  if [ -z "$version" ]; then bad "PostgreSQL: missing; apt-get install postgresql"
  elif [ "$version" -lt 15 ]; then bad "PostgreSQL $version is too old; 15 or newer is wanted"
  else good "PostgreSQL $version in /usr/lib/postgresql/$version/bin"; fi

  if has_rabbitmq; then
    version=$(find /usr/lib/rabbitmq/lib -maxdepth 1 -name 'rabbitmq_server-*' 2>/dev/null | sed 's/.*-//') || version=""
    good "RabbitMQ $version in /usr/lib/rabbitmq, with Erlang's epmd"
  else bad "RabbitMQ: missing; apt-get install rabbitmq-server"; fi

  for tool in setsid setpriv flock; do command -v "$tool" >/dev/null || bad "$tool: missing; apt-get install util-linux"; done
  local place=$data # the folder, or the nearest one above it that is there
  until [ -e "$place" ]; do place=$(dirname -- "$place"); done
  if [ -d "$place" ] && [ -w "$place" ]; then good "Data folder $data, $(df -Ph "$place" | awk 'NR==2 {print $4}') free"
  else bad "Data folder $data cannot be written; choose another with --data DIR"; fi
  [ "$(awk '/MemAvailable/ {print $2}' /proc/meminfo)" -gt 1572864 ] || note "Less than 1.5 GB of memory is free"
  for port in 5432 5672 4369; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then note "Port $port is in use by another server; Allocora does not touch it"; fi
  done
  if is_running; then good "Running: $(console_address)"; else note "Not running here"; fi
  return $wrong
}
