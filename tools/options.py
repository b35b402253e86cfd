#!/usr/bin/env python3
"""Sends one OPTIONS request over UDP and prints what the server answers.

It is a first sign of life, not a load generator and not a test.
"""

import argparse
import secrets
import socket
import sys


def options_request(target: str, sent_by: str) -> bytes:
    """An OPTIONS request (RFC 3261 section 11) to `sip:target`, to be sent from the address `sent_by`."""
    lines = [
        f"OPTIONS sip:{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {sent_by};rport;branch=z9hG4bK{secrets.token_hex(8)}",
        "Max-Forwards: 70",
        f"From: <sip:try@{sent_by}>;tag={secrets.token_hex(4)}",
        f"To: <sip:{target}>",
        f"Call-ID: {secrets.token_hex(12)}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:try@{sent_by}>",
        "Accept: application/sdp",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def main() -> int:
    """Returns the exit code: 0 when an answer came within the time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="?", default="127.0.0.1:5060", help="IPV4:PORT of the server (%(default)s)")
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds to wait (%(default)s)")
    arguments = parser.parse_args()
    host, _, port = str(arguments.address).partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(arguments.timeout)
        try:
            client.connect((host, int(port or 5060)))
            local_host, local_port = client.getsockname()
            client.send(options_request(arguments.address, f"{local_host}:{local_port}"))
            print(client.recv(65535).decode(errors="replace"), end="")
        except (OSError, ValueError) as error:
            print(f"no answer from {arguments.address}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
