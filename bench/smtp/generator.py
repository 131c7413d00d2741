"""Postfix's smtp-source as the neutral generator: letters of one size over so many connections."""

import subprocess
import time

from servers import ACCOUNTS, Server, Trouble

# One smtp-source sends to one address. So that mail goes to many accounts at any time, each connection is a
# program of its own up to this number, and goes on with the next account after a while.
MAX_PROGRAMS = 20
LETTERS_TO_AN_ACCOUNT = 50


class Generator:
    def command(self, server: Server, sessions: int, letters: int, size: int, keep: bool, recipient: str) -> str:
        options = ("-d " if keep else "") + ("-L " if server.protocol == "lmtp" else "")
        return (f"smtp-source {options}-s {sessions} -m {letters} -l {size} "
                f"-f alice@crepes.fr -t {recipient} 127.0.0.1:{server.port}")

    def send(self, server: Server, letters: int, sessions: int, size: int, keep: bool = True,
             accounts: int = ACCOUNTS) -> tuple[int, float]:
        """How many letters were sent, and how many seconds it took until the last was accepted."""
        programs = min(sessions, MAX_PROGRAMS)
        turns = max(1, min(accounts // programs, letters // (programs * LETTERS_TO_AN_ACCOUNT)))
        each = max(sessions // programs, round(letters / (programs * turns)))
        scripts = []
        for program in range(programs):
            recipients = [server.recipient((program + turn * programs) % accounts) for turn in range(turns)]
            scripts.append(" && ".join(
                self.command(server, sessions // programs, each, size, keep, recipient) for recipient in recipients))
        began = time.monotonic()
        running = [subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, text=True)
                   for script in scripts]
        faults = {program.communicate()[1] for program in running}
        took = time.monotonic() - began
        if any(program.returncode for program in running):
            raise Trouble(f"smtp-source against {server.name}: {''.join(faults)}")
        return each * turns * programs, took
