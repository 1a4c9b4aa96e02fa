#!/usr/bin/env bash
# The verbs test and bench: servers, tests, count. Sourced by ../../allocora.
set -eu

run_tests() {
  if [ "${1:-}" = interop ]; then
    [ $# -eq 1 ] || usage "test interop takes no options." test
    run_interop
    return
  fi
  if [ "${1:-}" = ui ]; then
    shift
    run_ui "$@"
    return
  fi
  local filter=() outcome=0
  read_test_options test true "$@"
  need_sdk
  need_servers "${ALLOCORA_TEST_POSTGRES:-}" "${ALLOCORA_TEST_RABBITMQ:-}"
  need_node
  build_tests Allocora.sln tests/OidcProvider tests/PaddleSdk
  (cd "$root" && dotnet test Allocora.sln -c Release --no-build --nologo -nodeReuse:false -v quiet \
    --results-directory "$results/trx" "${filter[@]}") || outcome=$?
  count_tests "$outcome" '*.Tests.csproj'
}

# The pages in a real browser, apart from the other tests because it has to be installed.
run_ui() {
  local filter=() outcome=0
  read_test_options "test ui" false "$@"
  need_sdk
  need_servers "${ALLOCORA_TEST_POSTGRES:-}" "${ALLOCORA_TEST_RABBITMQ:-}"
  need_node
  need_browser
  build_tests tests/Allocora.Browser tests/OidcProvider
  (cd "$root" && dotnet test tests/Allocora.Browser -c Release --no-build --nologo -nodeReuse:false -v quiet -p:AllocoraBrowser=true \
    --results-directory "$results/trx" "${filter[@]}") || outcome=$?
  count_tests "$outcome" Allocora.Browser.csproj
}

# $1: the verb. $2: whether it has a full size. The rest: what was typed. Sets filter, which the caller has.
read_test_options() {
  local verb=$1 has_full=$2
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) yes=true ;;
      full) "$has_full" || usage "$verb does not know $1." test; export ALLOCORA_TEST_SIZE=full ;;
      --filter) [ $# -gt 1 ] || usage "--filter wants an expression." test; filter=(--filter "$2"); shift ;;
      *) usage "$verb does not know $1." test ;;
    esac
    shift
  done
}

# $1: what to build. The rest: folders with programs of Node's that the tests run. Servers are up after it, and go with the shell.
build_tests() {
  exec 9<"$root/allocora"
  flock 9
  build "$1"
  shift
  local folder
  for folder; do fetch_packages "$folder"; done
  exec 9<&-
  results=$(mktemp -d) servers=""
  : >"$results/addresses"
  trap 'stop_test_servers; rm -rf "$results"' EXIT
  trap 'exit 130' INT TERM
  start_test_servers
}

# What a folder's program stands on, in the versions of its lock file.
fetch_packages() {
  local folder=$root/$1 said
  [ ! "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] || return 0
  said=$(mktemp)
  (cd "$folder" && npm ci --no-audit --no-fund) >"$said" 2>&1 </dev/null || { tail -n 5 "$said" >&2; fail "The packages of $1 could not be installed; see above."; }
  rm -f "$said"
}

# A stranger's Marten and Wolverine over our log and messages. Everything about them stays in a temporary folder. A feed without their
# packages is told from a failure: 3, never 0.
run_interop() {
  local part place apart
  need_sdk
  results=$(mktemp -d) servers=""
  : >"$results/addresses"
  trap 'stop_test_servers; rm -rf "$results"' EXIT
  trap 'exit 130' INT TERM
  apart=(--nologo -nodeReuse:false -p:UseArtifactsOutput=true "-p:ArtifactsPath=$results/built")
  place=$results/built/bin
  for part in Marten Wolverine; do
    if ! (cd "$root" && dotnet restore "tests/Interop/$part" "${apart[@]}" --packages "$results/packages") >"$results/said" 2>&1; then
      if ! grep -qE 'NU110[123]' "$results/said"; then
        tail -n 5 "$results/said" >&2
        fail "The packages of tests/Interop/$part could not be asked for."
      fi
      echo "not run: packages not on this feed"
      exit 3
    fi
  done
  need_servers "${ALLOCORA_TEST_POSTGRES:-}" "${ALLOCORA_TEST_RABBITMQ:-}"
  build AppHost/Local
  (cd "$root" && dotnet restore tests/Interop/Run "${apart[@]}") >"$results/said" 2>&1 || { tail -n 5 "$results/said" >&2; fail "tests/Interop/Run could not be restored."; }
  for part in Run Marten Wolverine; do
    if ! (cd "$root" && dotnet build "tests/Interop/$part" -c Release --no-restore -v quiet "${apart[@]}" -p:UseSharedCompilation=false) >"$results/said" 2>&1; then
      grep -E 'error ' "$results/said" | sort -u >&2
      fail "tests/Interop/$part does not build."
    fi
  done
  start_test_servers
  dotnet "$place/Interop.Run/release/Interop.Run.dll" \
    "$place/Interop.Marten/release/Interop.Marten.dll" "$place/Interop.Wolverine/release/Interop.Wolverine.dll"
}

run_bench() {
  local names=()
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) yes=true ;;
      -*) usage "bench does not know $1." bench ;;
      *) names+=("$1") ;;
    esac
    shift
  done
  need_sdk
  need_servers "${ALLOCORA_TEST_POSTGRES:-}" "${ALLOCORA_TEST_RABBITMQ:-}"
  build Allocora.sln
  results=$(mktemp -d) servers=""
  : >"$results/addresses"
  trap 'stop_test_servers; rm -rf "$results"' EXIT
  trap 'exit 130' INT TERM
  start_test_servers
  dotnet "$root/tests/Allocora.Bench/bin/Release/net10.0/Allocora.Bench.dll" "$PWD/bench.json" "${names[@]}"
}

start_test_servers() {
  [ -z "${ALLOCORA_TEST_POSTGRES:-}" ] || [ -z "${ALLOCORA_TEST_RABBITMQ:-}" ] || return 0
  # Should this script be killed, the servers are told to stop.
  setsid setpriv --pdeathsig TERM dotnet "$apphost" servers --data "$results/servers" >"$results/addresses" 2>"$results/trouble" </dev/null &
  servers=$!
  until grep -q '^ready$' "$results/addresses"; do
    kill -0 "$servers" 2>/dev/null || fail "$(tail -n 1 "$results/trouble")"
    sleep 0.1
  done
  while IFS='=' read -r key value; do
    [ -z "$value" ] || [ -n "${!key:-}" ] || export "$key=$value"
  done <"$results/addresses"
}

stop_test_servers() {
  [ -n "$servers" ] || return 0
  kill "$servers" 2>/dev/null || true
  wait "$servers" || true
}

# $1: how dotnet test ended. $2: which projects it ran. A test program that died leaves no result file, and that counts as a failure.
count_tests() {
  local passed=0 failed=0 skipped=0 total p f project name file
  while read -r project; do
    name=$(basename "$project" .csproj) file="$results/trx/$(basename "$project" .csproj).trx"
    if [ ! -f "$file" ]; then
      say "$name ended without a result."
      failed=$((failed + 1))
      continue
    fi
    read -r total p f < <(sed -n 's/.*<Counters total="\([0-9]*\)" executed="[0-9]*" passed="\([0-9]*\)" failed="\([0-9]*\)".*/\1 \2 \3/p' "$file") || {
      say "$name ended without a count."
      failed=$((failed + 1))
      continue
    }
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + total - p - f))
  done < <(find "$root/tests" -name "$2" | sort)
  if [ "$1" -ne 0 ] && [ "$failed" -eq 0 ]; then
    say "A test program ended badly after its last test."
    failed=1
  fi
  [ $((passed + failed)) -gt 0 ] || fail "No test matches."
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}
