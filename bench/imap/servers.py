"""The IMAP servers that are measured, each started privately (../private_servers.py). They keep their mail between
runs."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import private_servers
from private_servers import MAIL_OWNER, Trouble, children, free_port, group, proportional_kib, user

DOMAIN = "example.test"
PASSWORD = "hungry-for-crepes"
MOST_BEHIND = 300  # seconds that an index may take
CORPUS, MILLION, PEOPLE, WRITERS = "corpus", "million", 20, 10
USERS = [CORPUS, MILLION, "w", *(f"u{i}" for i in range(PEOPLE)), *(f"w{i}" for i in range(WRITERS))]


class Server(private_servers.Server):
    """`mode` is what it is set up for: "shipped", or as its manual says for "pooled" logins, "idle" clients, "filling"."""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.port, self.tls_port = free_port(), free_port()
        self.process: subprocess.Popen | None = None
        self.mode = ""
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        self.answers: dict[str, str] = {}

    def run_in(self, mode: str) -> None:
        if self.process is None or self.mode != mode:
            self.stop()
            self.mode = mode
            self.configure()
            self.start()

    def start_cold(self) -> None:
        """As if nobody had ever looked at the mail; the machine's own cache is warm."""
        self.stop()
        self.forget()
        self.start()

    def forget(self) -> None:
        pass

    def wait_until_indexed(self) -> float:
        """Seconds until all letters that came are in what searches ask; nothing to wait for where that isn't kept."""
        return 0.0

    def configure(self) -> None:
        raise NotImplementedError

    def memory_kib(self) -> int:
        return sum(proportional_kib(each) for each in [self.process.pid, *children(self.process.pid)])

    def clear(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)
        self.directory.mkdir()
        self.directory.chmod(0o755)


class Pabal(Server):
    name = "Pabal"

    def __init__(self, directory: pathlib.Path, program: pathlib.Path):
        super().__init__(directory)
        self.program = program

    def configure(self) -> None:
        (self.directory / "pabal.toml").write_text(f"""
[server]
hostname = "mx.{DOMAIN}"
data_dir = "{self.directory}/data"
[log]
file = "{self.directory}/log"
[limits]
connections = 30000
connections_per_network = 30000
[imap]
connections_per_account = 30000
[[listener]]
name = "imap"
protocol = "imap"
address = ["127.0.0.1:{self.port}"]
tls = "none"
[[listener]]
name = "imaps"
protocol = "imap"
address = ["127.0.0.1:{self.tls_port}"]
tls = "implicit"
""")

    def command(self) -> list:
        return [self.program, "--config", self.directory / "pabal.toml", "serve"]

    def pabal(self, *arguments: str, said: str = "") -> str:
        done = subprocess.run([self.program, "--config", self.directory / "pabal.toml", *arguments], text=True,
                              input=said, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Trouble(f"pabal {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def wait_until_indexed(self) -> float:
        began = time.monotonic()
        while not re.search(r"^pabal_search_accounts_behind 0$", self.pabal("metrics"), re.MULTILINE):
            if time.monotonic() - began > MOST_BEHIND:
                raise Trouble(f"{self.name}: letters are not indexed after {MOST_BEHIND} s")
            time.sleep(0.1)
        return time.monotonic() - began

    def start(self) -> None:
        super().start()
        self.pabal("status", "--wait", "20")
        if DOMAIN not in self.pabal("--json", "domain", "list"):
            self.pabal("domain", "add", DOMAIN)
            for name in USERS:
                self.pabal("account", "add", f"{name}@{DOMAIN}", "--password-stdin", said=PASSWORD + "\n")


class Dovecot(Server):
    FILLING = """
mail_fsync = never
"""
    # doc.dovecot.org: high-performance login processes, and imap processes that serve one user after another.
    POOLED = """
service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 20000
}
service imap {
  service_count = 1000
  process_min_avail = 20
}
"""
    HIBERNATING = """
imap_hibernate_timeout = 1s
service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 20000
}
service imap {
  unix_listener imap-master {
    mode = 0666
  }
}
service imap-hibernate {
  client_limit = 30000
  unix_listener imap-hibernate {
    mode = 0666
  }
}
"""
    MODES = {"shipped": "", "filling": FILLING, "pooled": POOLED, "idle": HIBERNATING}

    def __init__(self, directory: pathlib.Path, kind: str):
        self.name = {"maildir": "Dovecot Maildir", "mdbox": "Dovecot mdbox"}[kind]
        self.kind = kind
        super().__init__(directory)
        self.prepare()

    def prepare(self) -> None:
        self.mail = self.directory / "mail"
        self.mail.mkdir(exist_ok=True)
        self.mail.chmod(0o777)

    def write_users(self) -> None:
        """Each has a number of their own: the system lets one wait with 128 processes for changes of files."""
        (self.directory / "users").write_text("".join(
            f"{name}@{DOMAIN}:{{PLAIN}}{PASSWORD}:{MAIL_OWNER + i}:{MAIL_OWNER}::{self.mail}/{name}\n"
            for i, name in enumerate(USERS)))

    def clear(self) -> None:
        super().clear()
        self.prepare()

    def certificate(self) -> pathlib.Path:
        path = self.directory / "certificate.pem"
        if not path.exists():  # of the kind that Pabal makes for itself
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "3650", "-subj", "/CN=localhost", "-keyout", self.directory / "key.pem", "-out",
                            path], check=True, capture_output=True)
        return path

    def configure(self) -> None:
        directory, internal = self.directory, user("dovecot", "uucp")
        self.write_users()
        where = {"maildir": "maildir:~/Maildir", "mdbox": "mdbox:~/mdbox"}[self.kind]
        (directory / "dovecot.conf").write_text(f"""
base_dir = {directory}/base
state_dir = {directory}/state
default_internal_user = {internal}
default_internal_group = {group("dovecot", "uucp")}
default_login_user = {user("dovenull", "nobody")}
protocols = imap
listen = 127.0.0.1
log_path = {directory}/log
ssl = yes
ssl_cert = <{self.certificate()}
ssl_key = <{directory}/key.pem
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = {where}
mail_max_userip_connections = 100000
passdb {{
  driver = passwd-file
  args = {directory}/users
}}
userdb {{
  driver = passwd-file
  args = {directory}/users
}}
namespace inbox {{
  inbox = yes
}}
default_client_limit = 60000
service imap {{
  process_limit = 30000
}}
service imap-login {{
  process_limit = 30000
}}
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
{self.MODES[self.mode]}""")

    def command(self) -> list:
        return ["dovecot", "-F", "-c", self.directory / "dovecot.conf"]

    def start(self) -> None:
        for left in "base", "state":
            shutil.rmtree(self.directory / left, ignore_errors=True)
        super().start()

    # Its processes that hold mail end at once; for the rest it would wait for seconds, at each of a hundred stops.
    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        for _ in range(200):
            if self.process.poll() is not None or not any(map(self.holds_mail, children(self.process.pid))):
                break
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    @staticmethod
    def holds_mail(process: int) -> bool:
        try:
            name = pathlib.Path(f"/proc/{process}/cmdline").read_text()
        except OSError:
            return False
        return name.startswith("dovecot/im") or name.startswith("dovecot/index")

    def forget(self) -> None:
        for cache in self.mail.glob("**/dovecot.index.cache*"):
            cache.unlink()
