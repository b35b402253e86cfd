#!/bin/sh
# What the server costs: instruction counts of its parts, then a proxied call beside Kamailio. Called by `make bench`.
set -eu
cd "$(dirname "$0")/../.."

# Instructions of one unit of work: the difference of two runs, so that starting up does not count.
instructions() { # package, example, unit
    few=1000 many=11000
    cargo build --release --quiet -p "$1" --example "$2"
    count() {
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "target/release/examples/$1" "$2" 2>&1 |
            sed -n 's/.*Collected : //p'
    }
    a=$(count "$2" $few)
    b=$(count "$2" $many)
    echo "$3: $(((b - a) / (many - few))) instructions"
}

instructions siphon-sip parse_cost "parse and print an INVITE"
instructions siphon-transaction transaction_cost "transactions of a proxied call"
instructions siphon-core proxy_cost "proxied call without sockets"
instructions siphon-core digest_cost "verify a digest response"
instructions siphon-python handler_cost "run a Python handler"

cargo build --release --quiet --bin siphon
exec python3 tests/bench/compare.py --siphon target/release/siphon "$@"
