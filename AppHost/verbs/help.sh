#!/usr/bin/env bash
# What each verb says about itself. Sourced by ../../allocora.
set -eu

help() {
  case ${1:-} in
    up) cat <<'TEXT'
Usage: ./allocora up [--detach] [--yes] [--port N] [--data DIR]

Builds Allocora when its sources changed, starts a private PostgreSQL and RabbitMQ and
the five services, and prints the console's address and a link to sign in with.
Ctrl+C stops everything.

  --detach     return when all is healthy; stop with ./allocora down
  --yes        install missing Debian packages without asking
  --port N     the console's port (default: a free one, the same as last time)
  --data DIR   keep data, logs and passwords there (default: .allocora beside this script)

ConnectionStrings__postgres and ConnectionStrings__rabbitmq in the environment name
servers to use instead of private ones.
TEXT
      ;;
    down) cat <<'TEXT'
Usage: ./allocora down [--data DIR]

Stops what ./allocora up started with this data folder, in order, and waits for it.
TEXT
      ;;
    status) cat <<'TEXT'
Usage: ./allocora status [--json] [--data DIR]

Asks every service whether it is ready. Exit code 0 when all are, 1 otherwise.
TEXT
      ;;
    link) cat <<'TEXT'
Usage: ./allocora link [--data DIR]

Prints a link that signs you in to the console as the person who looks after this
installation. It works once, within ten minutes.
TEXT
      ;;
    replay) cat <<'TEXT'
Usage: ./allocora replay --workspace WS --from N --to M --queue NAME [--data DIR]

Sends what the Ledger told the world about one workspace, at the positions N to M of its
log, once more to one queue and to nobody else. The messages have the ids they had, so a
reader that knows an id already leaves it out. The queue has to be there.

  --workspace WS   the workspace's id, ws_...
  --from N, --to M positions as messages have them in cloudEvents_sequence, both included
TEXT
      ;;
    logs) cat <<'TEXT'
Usage: ./allocora logs [NAME] [--follow] [--lines N] [--data DIR]

Prints the last lines (default 50) of one log, or of all: connector, ledger, calculation,
statements, console, migrate, postgres, rabbitmq, epmd, paddle, apphost.
TEXT
      ;;
    test) cat <<'TEXT'
Usage: ./allocora test [full] [--yes] [--filter EXPRESSION]
       ./allocora test ui [--yes] [--filter EXPRESSION]
       ./allocora test interop

Builds everything and runs the whole test suite on a private PostgreSQL and RabbitMQ.
The last line is: N passed, N failed, N skipped

  full                  tests with a figure do all of it, not a twentieth
  interop               a stock Marten and a stock Wolverine read the log and the messages instead;
                        exit code 3 when the package feed does not have them
  ui                    the pages in a real browser, Debian's chromium, instead; ALLOCORA_UI_SHOTS names
                        a folder for pictures of them
  --yes                 install missing Debian packages without asking
  --filter EXPRESSION   only tests that match, as in dotnet test --filter

ALLOCORA_TEST_POSTGRES and ALLOCORA_TEST_RABBITMQ (with ALLOCORA_TEST_RABBITMQ_MANAGEMENT)
name servers to use instead of private ones.
TEXT
      ;;
    bench) cat <<'TEXT'
Usage: ./allocora bench [--yes] [NAME] [TRANSACTIONS]

Measures ours against a baseline in the same run, on a private PostgreSQL and RabbitMQ with fsync on:
median of five, a table with what was reached and what is wanted, and bench.json in this folder.
Exit code 0 when everything wanted is reached, 1 otherwise. Benchmarks: log, broker, sync.
A full sync is of 100,000 transactions, or as many as you say.
TEXT
      ;;
    verify) cat <<'TEXT'
Usage: ./allocora verify FILE [--key FILE]... [--heads FILE]

Says of an export of the ledger whether it is whole and as it was written, without a server or
a database: recomputes every hash and the chain, holds it against the signed heads in the file, and
checks the signature at its end. Prints one line: ok and what it is, or the first bad position and why.

  --key FILE     the public key to trust, in PEM, from GET .../ledger/checkpoints or from whoever runs
                 Allocora; may be given again for older keys. Without it, the one the file names
  --heads FILE   a copy of the file of signed heads (Heads__File of the Ledger): only that tells an
                 export that is whole but older than it should be

Exit code 0 when it is whole, 1 when it is not, 2 when it is no export or cannot be read.
TEXT
      ;;
    doctor) cat <<'TEXT'
Usage: ./allocora doctor [--data DIR]

Says what is installed, which versions and ports are in use, and what is wrong.
Exit code 0 when nothing is wrong, 1 otherwise.
TEXT
      ;;
    *) cat <<'TEXT'
Usage: ./allocora VERB [options]

  up       start everything and print the console's address
  down     stop it
  status   is every service ready?
  link     a fresh link to sign in with
  replay   send one queue again what was told of revenue
  logs     what the services and servers wrote
  test     run the test suite
  bench    how fast it is, against a baseline
  verify   is this export of the ledger whole and unchanged?
  doctor   what is installed, what is wrong

./allocora VERB --help says more about each.
TEXT
      ;;
  esac
}
