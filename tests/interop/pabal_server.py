"""The real program, as an operator runs it: a server of its own on free ports, in a directory that goes away."""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("PABAL_PROGRAM", str(SOURCE / "build/release/pabal"))
PATIENCE = 60.0  # for what takes a second; a busy machine may need more, a broken one never gets there

LISTENERS = {
    "mx": 'protocol = "smtp"\naddress = ["127.0.0.1:0"]',
    "submission": 'protocol = "submission"\naddress = ["127.0.0.1:0"]',
    "submissions": 'protocol = "submission"\ntls = "implicit"\naddress = ["127.0.0.1:0"]',
    "lmtp": 'protocol = "lmtp"\naddress = ["127.0.0.1:0"]',
    "imap": 'protocol = "imap"\naddress = ["127.0.0.1:0"]',
    "imaps": 'protocol = "imap"\ntls = "implicit"\naddress = ["127.0.0.1:0"]',
    "pop3": 'protocol = "pop3"\naddress = ["127.0.0.1:0"]',
    "pop3s": 'protocol = "pop3s"\naddress = ["127.0.0.1:0"]',
    "http": 'protocol = "http"\naddress = ["127.0.0.1:0"]',
    "https": 'protocol = "https"\naddress = ["127.0.0.1:0"]',
}


def wait_until(what, condition):
    """What the condition gives once it is true. It is asked again and again, since a peer's disk rings no bell."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE:.0f} s in vain: {what}")
        time.sleep(0.05)
    return result


class Pabal:
    """Serves a domain. `zone` is all of the DNS that it sees (src/net/dns_static.h). stop() it in the end."""

    def __init__(self, more_config="", zone="", domain="hamburger.edu"):
        self.domain = domain
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pabal-interop-"))
        self.config = self.directory / "pabal.toml"
        (self.directory / "zone").write_text(zone)
        listeners = "".join(f'[[listener]]\nname = "{name}"\n{rows}\n' for name, rows in LISTENERS.items())
        self.config.write_text(f"""
[server]
hostname = "mail.{domain}"
data_dir = "{self.directory}/data"
[smtp]
harvest_delay = "0s"
[dns]
zone_file = "{self.directory}/zone"
{more_config}
{listeners}""")
        self._log = open(self.directory / "log", "wb")
        self._accounts = 0
        try:
            self.run("domain", "add", self.domain)
            self._process = subprocess.Popen([PROGRAM, "--config", self.config, "serve"],
                                             stdout=self._log, stderr=self._log)
            wait_until(f"the server comes up:\n{self.log()}", lambda: self._process.poll() is not None or self._is_up())
            if self._process.poll() is not None:
                raise AssertionError(f"the server did not start:\n{self.log()}")
            status = self.json("status")
        except BaseException:
            self._clean_up()
            raise
        listening = dict(each.split(" ", 1) for each in status["listening"])
        self.ports = {name: int(address.rsplit(":", 1)[1]) for name, address in listening.items()}
        self.certificate = self.directory / "data" / "self-signed.pem"

    def _is_up(self):
        return subprocess.run([PROGRAM, "--config", self.config, "status"], capture_output=True).returncode == 0

    def run(self, *args, input=b""):
        """Standard output of a command; a command that fails is an error of the test."""
        done = subprocess.run([PROGRAM, "--config", self.config, *args], input=input, capture_output=True,
                              timeout=PATIENCE)
        if done.returncode != 0:
            raise AssertionError(f"pabal {' '.join(args)}: {done.stderr.decode()}\n{self.log()}")
        return done.stdout

    def json(self, *args):
        return json.loads(self.run("--json", *args))

    def add_account(self, password="a secret of some length", name=None):
        """A new account, so that each test has a mailbox of its own."""
        self._accounts += 1
        address = f"{name or f'user{self._accounts}'}@{self.domain}"
        self.run("account", "add", address, "--password-stdin", input=password.encode() + b"\n")
        return address

    def letters(self, address):
        """Every letter in the mailbox, whole, the oldest first."""
        return [self._letter(address, each["id"]) for each in self.json("letter", "list", address)]

    def _letter(self, address, number):
        pieces = self.json("letter", "show", address, str(number))
        return b"".join(base64.b64decode(each["base64"]) for each in pieces)

    def wait_for_letters(self, address, count):
        wait_until(f"{count} letters for {address}", lambda: len(self.json("letter", "list", address)) >= count)
        return self.letters(address)

    def wait_for_output(self, words, *args):
        """A command's output, once these words are in it."""
        def ask():
            output = self.run(*args)
            return output if words in output else None
        return wait_until(f"{words!r} in: pabal {' '.join(args)}", ask)

    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def stop(self):
        """As systemd stops it. Sessions are over by now, so it ends at once, and well."""
        try:
            self._process.send_signal(signal.SIGTERM)
            code = self._process.wait(PATIENCE)
            if code != 0:
                raise AssertionError(f"the server ended with {code}\n{self.log()}")
        finally:
            self._clean_up()

    def _clean_up(self):
        process = getattr(self, "_process", None)
        if process and process.poll() is None:
            process.kill()
            process.wait()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
