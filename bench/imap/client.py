"""What drives imap_load: one client that is told what to say, and the loads of many."""

import json
import pathlib
import subprocess

from private_servers import Trouble
from servers import DOMAIN, PASSWORD, Server


class Wrong(Trouble):
    """An answer that cannot be right."""


class Load:
    """imap_load against one server."""

    def __init__(self, program: pathlib.Path, server: Server):
        self.program = program
        self.server = server

    def command(self, load: str, tls: bool = False, **options) -> list:
        port = self.server.tls_port if tls else self.server.port
        words = [self.program, load, "--port", str(port), "--domain", DOMAIN, "--password", PASSWORD]
        if tls:
            words.append("--tls")
        for name, value in options.items():
            words += [f"--{name}", str(value)]
        return words

    def run(self, load: str, tls: bool = False, **options) -> dict:
        done = subprocess.run(self.command(load, tls, **options), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Trouble(f"{self.server.name}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def talk(self, user: str, folder: str = "") -> "Talk":
        return Talk(self, user, folder)


class Talk:
    """One client, logged in, with a folder selected if one is named."""

    def __init__(self, load: Load, user: str, folder: str):
        self.server = load.server
        self.process = subprocess.Popen(load.command("talk", user=user), text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if folder:
            self.say(f"SELECT {folder}")

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def try_to(self, command: str) -> dict:
        """The answer, good or bad."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Trouble(f"{self.server.name}, {command}: {self.process.stderr.read().strip()}")
        return json.loads(line)

    def say(self, command: str, responses: dict[str, int] | None = None, **fields: int) -> dict:
        """The answer, which must be OK, and have so many responses of a kind, and such fields."""
        answer = self.try_to(command)
        if not answer["tagged"].startswith("OK"):
            raise Wrong(f"{self.server.name}, {command}: {answer['tagged']}")
        for kind, want in (responses or {}).items():
            got = count(answer, kind)
            if got != want:
                raise Wrong(f"{self.server.name}, {command}: {got:,} times {kind}, not {want:,}")
        for field, want in fields.items():
            if answer[field] != want:
                raise Wrong(f"{self.server.name}, {command}: {field} {answer[field]:,}, not {want:,}")
        return answer


def count(answer: dict, kind: str) -> int:
    return answer["kinds"].get(kind, {"count": 0})["count"]
