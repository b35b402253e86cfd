#!/usr/bin/env python3
"""CPU and context switches of a proxied UDP call, this server beside Kamailio, in one run.

Each server is pinned to the first core of the machine, callers and callees (SIPp) to the last. The two are measured in
turn, several times, so that a drift of the machine meets both; beside the ratio of the medians stands how far two
measurements of one and the same server differ. Kamailio uses its `tlsf` allocator, its best.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVER = ("127.0.77.1", 15060)
CALLER = ("127.0.77.2", 15080)
CALLEE = ("127.0.77.3", 15070)
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))


@dataclass
class Usage:
    """What the processes of a server have used so far: CPU seconds and context switches."""

    cpu: float
    switches: int


def processes(session: int) -> list[int]:
    """The processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                found.append(int(entry.name))
    return found


def usage(session: int) -> Usage:
    """CPU and context switches of all threads of a session's processes."""
    cpu, switches = 0, 0
    for pid in processes(session):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        cpu += int(fields[11]) + int(fields[12])
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for line in (thread / "status").read_text().splitlines():
                if "ctxt_switches" in line:
                    switches += int(line.split()[1])
    return Usage(cpu / TICKS, switches)


def answers(timeout: float) -> bool:
    """Whether the server answers an OPTIONS request."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((CALLER[0], 0))
        probe.settimeout(timeout)
        host, port = probe.getsockname()
        call = os.urandom(8).hex()
        request = (
            f"OPTIONS sip:{SERVER[0]}:{SERVER[1]} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{call}\r\n"
            f"From: <sip:probe@{host}>;tag={call}\r\nTo: <sip:{SERVER[0]}:{SERVER[1]}>\r\nCall-ID: {call}\r\n"
            "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            probe.sendto(request.encode(), SERVER)
            return probe.recv(65535).startswith(b"SIP/2.0 200")
        except OSError:
            return False


class Server:
    """A server under measurement, in a session of its own."""

    def __init__(self, argv: list[str], folder: Path, env: dict[str, str]) -> None:
        self.log = (folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            ["taskset", "-c", str(CORES[0]), *argv],
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while not answers(0.1):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                sys.exit(f"the server did not start; see {folder / 'server.log'}")
        time.sleep(0.5)

    def close(self) -> None:
        for sign, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            for pid in processes(self.process.pid):
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
            deadline = time.monotonic() + patience
            while processes(self.process.pid) and time.monotonic() < deadline:
                self.process.poll()
                time.sleep(0.02)
        self.log.close()


def sipp(scenario: str, address: tuple[str, int], extra: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Starts a SIPp on the last core."""
    host, port = address
    argv = ["sipp", f"{SERVER[0]}:{SERVER[1]}", "-sf", str(HERE / "scenarios" / scenario), "-i", host, "-p", str(port)]
    return subprocess.Popen(
        ["taskset", "-c", str(CORES[-1]), *argv, "-t", "u1", "-nostdin", "-buff_size", "4194304", *extra],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@dataclass
class Cost:
    """What one call cost a server."""

    microseconds: float
    switches: float


def measure(argv: list[str], env: dict[str, str], rate: int, seconds: int) -> Cost:
    """Runs calls through a server that is started for it; ends the program when a call failed."""
    calls = rate * seconds
    with tempfile.TemporaryDirectory(prefix="sip-bench-") as name:
        folder = Path(name)
        server = Server(argv, folder, env)
        callee = sipp("callee.xml", CALLEE, [], folder)
        try:
            time.sleep(0.5)
            load = [
                "-r",
                str(rate),
                "-m",
                str(calls),
                "-l",
                str(10 * rate),
                "-timeout",
                str(seconds + 30),
                "-timeout_error",
            ]
            before = usage(server.process.pid)
            caller = sipp("caller.xml", CALLER, load, folder)
            failed = caller.wait()
            after = usage(server.process.pid)
        finally:
            callee.kill()
            callee.wait()
            server.close()
    if failed:
        sys.exit(f"calls failed (SIPp exit {failed}): the run does not count")
    return Cost((after.cpu - before.cpu) / calls * 1e6, (after.switches - before.switches) / calls)


def spread(values: list[float]) -> float:
    """How far two measurements of the same thing differ: the widest ratio among them."""
    return max(values) / min(values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--siphon", type=Path, required=True, help="the siphon executable, built with --release")
    parser.add_argument("--rate", type=int, default=1000, help="calls a second")
    parser.add_argument("--seconds", type=int, default=8, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each server")
    options = parser.parse_args()
    ours = HERE / "peers" / "ours"
    servers = {
        "siphon": (
            [str(options.siphon.resolve()), "run", "-c", str(ours / "siphon.yaml")],
            {"BENCH_SCRIPT": str(ours / "route.py")},
        ),
        "kamailio": (
            ["kamailio", "-x", "tlsf", "-X", "tlsf", "-DD", "-E", "-m", "1024", "-M", "16"]
            + ["-P", "kamailio.pid", "-f", str(HERE / "peers" / "kamailio" / "kamailio.cfg")],
            {},
        ),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in servers}
    for round_number in range(options.rounds):
        for name, (argv, env) in servers.items():
            cost = measure(argv, env, options.rate, options.seconds)
            costs[name].append(cost)
            print(
                f"round {round_number + 1} {name:9} {cost.microseconds:7.1f} us  {cost.switches:5.2f} switches",
                flush=True,
            )
    cpu = {name: [cost.microseconds for cost in runs] for name, runs in costs.items()}
    switches = {name: [cost.switches for cost in runs] for name, runs in costs.items()}
    median = {name: statistics.median(values) for name, values in cpu.items()}
    print(f"\na proxied UDP call at {options.rate} a second, one core; medians of {options.rounds}")
    for name in servers:
        print(
            f"  {name:9} {median[name]:7.1f} us CPU  {statistics.median(switches[name]):5.2f} context switches"
            f"  (same server, widest ratio {spread(cpu[name]):.2f})"
        )
    print(f"  ratio siphon/kamailio: {median['siphon'] / median['kamailio']:.2f} (goal: at most 1.3, and 8 switches)")


if __name__ == "__main__":
    main()
