"""What the benches with servers share: how one is started privately (its own directory, loopback, high ports, durable
as it ships), what it costs, peers that are not installed, and tables."""

import contextlib
import grp
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import sys
import time

MAIL_OWNER = 5000  # a number is enough: nobody logs in


class Trouble(Exception):
    """What the person who runs the bench should read."""


def first_known(kind: str, known: list[str], names: tuple[str, ...]) -> str:
    for name in names:
        if name in known:
            return name
    raise Trouble(f"no {kind} here is called {' or '.join(names)}")


# Postfix and Dovecot want users of their own; where they are not installed, any that own nothing do for a bench.
def user(*names: str) -> str:
    return first_known("user", [entry.pw_name for entry in pwd.getpwall()], names)


def group(*names: str) -> str:
    return first_known("group", [entry.gr_name for entry in grp.getgrall()], names)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):  # it has just ended
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def proportional_kib(pid: int) -> int:
    """Its proportional set size; nothing once it has ended."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def memory(pid: int) -> dict:
    """MiB: what lies in memory now, and for a single process also the most that ever did."""
    resident = sum(proportional_kib(each) for each in [pid, *children(pid)])
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0])
    return {"now_mib": round(resident / 1024, 1), "peak_mib": round(peak / 1024, 1)}


class Server:
    """One of those that are measured."""

    name = ""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        directory.mkdir(parents=True)
        directory.chmod(0o755)

    def start(self) -> None:
        with open(self.directory / "output", "wb") as output:
            self.process = subprocess.Popen(self.command(), cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        for _ in range(200):
            if self.process.poll() is not None:
                raise Trouble(f"{self.name} ended at once: {(self.directory / 'output').read_text()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise Trouble(f"{self.name} does not listen")

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is not None:
            self.process = None
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def memory(self) -> dict:
        return memory(self.process.pid)

    def command(self) -> list:
        raise NotImplementedError


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# A virtual machine pays for each page of memory at its first use; who is measured first would pay for all.
def warm_memory(gib: int) -> None:
    path = pathlib.Path("/dev/shm/pabal-bench-warm")
    try:
        with open(path, "wb") as file:
            for _ in range(gib * 1024):
                file.write(bytes(1024 * 1024))
    finally:
        path.unlink(missing_ok=True)


def table(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def may_unpack(peers: pathlib.Path, programs: list[str]) -> bool:
    """Whether go_on_beside_peers needs no network."""
    return all((peers / program).exists() for program in programs) and os.geteuid() == 0


def go_on_beside_peers(peers: pathlib.Path, packages: list[str], programs: list[str]) -> None:
    """Begins again where these packages seem to be installed: unpacked, they lie over /usr in a mount namespace of this
    program alone. `programs` are files of theirs that say whether they are unpacked."""
    if os.geteuid() != 0:
        raise Trouble(f"install the peers (apt-get install {' '.join(packages)}), or be root")
    if not may_unpack(peers, programs):
        debs = peers / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", *packages], cwd=debs, check=True, stdout=sys.stderr)
        for package in packages:
            for deb in debs.glob(f"{package}_*.deb"):
                subprocess.run(["dpkg", "-x", deb, peers], check=True)
    script = 'mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr && exec "$@"'
    os.execvp("unshare", ["unshare", "-m", "sh", "-c", script, str(peers), *sys.argv])
