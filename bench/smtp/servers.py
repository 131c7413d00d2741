"""The servers that are measured, each started privately (../private_servers.py)."""

import os
import pathlib
import shutil
import subprocess

import private_servers
from private_servers import MAIL_OWNER, Trouble, group, user

DOMAIN = "example.test"
ACCOUNTS = 100


class Server(private_servers.Server):
    """One of those that are measured. `protocol` is what the generator speaks to it."""

    protocol = "smtp"

    def recipient(self, number: int) -> str:
        return f"u{number}@{DOMAIN}"

    def idle(self, sent: int) -> bool:
        """Whether all that was accepted, `sent` letters since its start, has arrived."""
        return True

    def arrived(self) -> int | None:
        """How many letters lie where they were sent to; nothing for a sink."""
        return None


class Sink(Server):
    name = "smtp-sink"

    def command(self) -> list:
        return ["smtp-sink", "-u", user("nobody"), f"127.0.0.1:{self.port}", "1024"]


class CountingSink(Sink):
    """Says after each letter how many there were."""

    def command(self) -> list:
        sink, *options = super().command()
        return [sink, "-c", *options]

    def arrived(self) -> int:
        with open(self.directory / "output", "rb") as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - 1000))
            lines = output.read().decode().replace("\r", "\n").split("\n")
        counts = [line.split("mesg=")[1].split()[0] for line in lines if "mesg=" in line]
        return int(counts[-1]) if counts else 0


class Pabal(Server):
    name = "Pabal"

    def __init__(self, directory: pathlib.Path, program: pathlib.Path, more: str = ""):
        super().__init__(directory)
        self.program = program
        (directory / "pabal.toml").write_text(f"""
[server]
hostname = "mx.{DOMAIN}"
data_dir = "{directory}/data"
[log]
file = "{directory}/log"
[limits]
connections_per_network = 1000
[[listener]]
name = "mx"
protocol = "smtp"
address = ["127.0.0.1:{self.port}"]
tls = "none"
{more}
""")

    def pabal(self, *arguments: str) -> str:
        done = subprocess.run([self.program, "--config", self.directory / "pabal.toml", *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Trouble(f"pabal {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def start(self) -> None:
        super().start()
        self.pabal("status", "--wait", "20")
        if "example.test" not in self.pabal("--json", "domain", "list"):
            self.pabal("domain", "add", DOMAIN)
            for i in range(ACCOUNTS):
                self.pabal("account", "add", f"u{i}@{DOMAIN}", "--no-password")

    def command(self) -> list:
        return [self.program, "--config", self.directory / "pabal.toml", "serve"]

    def arrived(self) -> int:
        total = 0
        for i in range(ACCOUNTS):
            listed = self.pabal("--json", "letter", "list", f"u{i}@{DOMAIN}")
            total += listed.count('"journey"')
        return total


def count_maildirs(mail: pathlib.Path) -> int:
    return sum(1 for where in ("new", "cur") for folder in mail.glob(f"*/Maildir/{where}") for _ in os.scandir(folder))


class Dovecot(Server):
    """LMTP into Maildir: the format that took letters fastest of those that Dovecot ships."""

    name = "Dovecot LMTP alone"
    protocol = "lmtp"

    def __init__(self, directory: pathlib.Path):
        super().__init__(directory)
        self.mail = directory / "mail"
        self.mail.mkdir()
        os.chown(self.mail, MAIL_OWNER, MAIL_OWNER)
        internal = user("dovecot", "uucp")
        (directory / "dovecot.conf").write_text(f"""
base_dir = {directory}/base
state_dir = {directory}/state
default_internal_user = {internal}
default_internal_group = {group("dovecot", "uucp")}
default_login_user = {user("dovenull", "nobody")}
protocols = lmtp
listen = 127.0.0.1
log_path = {directory}/log
ssl = no
first_valid_uid = 1
mail_location = maildir:~/Maildir
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={MAIL_OWNER} gid={MAIL_OWNER} home={self.mail}/%n
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.port}
  }}
}}
""")

    def command(self) -> list:
        return ["dovecot", "-F", "-c", self.directory / "dovecot.conf"]

    def arrived(self) -> int:
        return count_maildirs(self.mail)


class Postfix(Server):
    """`lines` are what main.cf says beyond the receiving that all of these have in common."""

    QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
              "trace", "maildrop", "public", "pid"]

    def __init__(self, directory: pathlib.Path, lines: list[str]):
        super().__init__(directory)
        self.queue = directory / "queue"
        owner, drop = user("postfix", "uucp"), group("postdrop", "games")
        for name in self.QUEUES:
            (self.queue / name).mkdir(parents=True)
            if name != "pid":
                shutil.chown(self.queue / name, owner)
        for name, mode in {"public": 0o2710, "maildrop": 0o1730}.items():
            shutil.chown(self.queue / name, owner, drop)
            (self.queue / name).chmod(mode)
        (directory / "data").mkdir()
        shutil.chown(directory / "data", owner)
        etc = directory / "etc"
        etc.mkdir()
        (etc / "main.cf").write_text("\n".join([
            "compatibility_level = 3.6",
            f"queue_directory = {self.queue}",
            f"data_directory = {directory}/data",
            "command_directory = /usr/sbin",
            "daemon_directory = /usr/lib/postfix/sbin",
            "shlib_directory = /usr/lib/postfix",
            f"meta_directory = {etc}",
            f"mail_owner = {owner}",
            f"setgid_group = {drop}",
            f"maillog_file = {directory}/maillog",
            f"maillog_file_prefixes = {directory}",
            "inet_interfaces = 127.0.0.1",
            "inet_protocols = ipv4",
            f"myhostname = mx.{DOMAIN}",
            "mydestination =",
            "alias_maps =",
            "local_recipient_maps =",
            "mynetworks = 127.0.0.0/8",
            "smtp_dns_support_level = disabled",
            *lines, ""]))
        (etc / "master.cf").write_text(self.master_cf())

    # The services as they ship, on our port and in no chroot.
    def master_cf(self) -> str:
        services = []
        for line in pathlib.Path("/usr/share/postfix/master.cf.dist").read_text().splitlines():
            words = line.split()
            if not words or line[0] in "# \t":
                continue
            if words[:2] == ["smtp", "inet"]:
                words[0] = f"127.0.0.1:{self.port}"
            elif words[1] == "inet":
                continue
            words[4] = "n"
            services.append(" ".join(words))
        return "\n".join(services) + "\n"

    def command(self) -> list:
        return ["/usr/lib/postfix/sbin/master", "-d", "-c", self.directory / "etc"]

    def idle(self, sent: int) -> bool:
        return not any(entry.is_file() for queue in ("incoming", "active", "maildrop", "deferred")
                       for entry in os.scandir(self.queue / queue))


class PostfixMaildir(Postfix):
    name = "Postfix, Maildir"

    def __init__(self, directory: pathlib.Path):
        self.mail = directory / "mail"
        # in_flow_delay: without its brake this combination was the fastest durable peer of all.
        super().__init__(directory, [
            f"virtual_mailbox_domains = {DOMAIN}",
            f"virtual_mailbox_base = {self.mail}",
            f"virtual_mailbox_maps = texthash:{directory}/etc/mailboxes",
            f"virtual_uid_maps = static:{MAIL_OWNER}",
            f"virtual_gid_maps = static:{MAIL_OWNER}",
            "in_flow_delay = 0"])
        self.mail.mkdir()
        os.chown(self.mail, MAIL_OWNER, MAIL_OWNER)
        (directory / "etc/mailboxes").write_text(
            "".join(f"u{i}@{DOMAIN} u{i}/Maildir/\n" for i in range(ACCOUNTS)))

    def arrived(self) -> int:
        return count_maildirs(self.mail)


class PostfixDovecot(Postfix):
    """Postfix, and a Dovecot of its own behind it."""

    name = "Postfix, Dovecot"

    def __init__(self, directory: pathlib.Path):
        self.dovecot = Dovecot(directory.with_name(directory.name + "-lmtp"))
        super().__init__(directory, [
            f"virtual_mailbox_domains = {DOMAIN}",
            f"virtual_mailbox_maps = texthash:{directory}/etc/mailboxes",
            f"virtual_transport = lmtp:inet:127.0.0.1:{self.dovecot.port}"])
        (directory / "etc/mailboxes").write_text("".join(f"u{i}@{DOMAIN} u{i}\n" for i in range(ACCOUNTS)))

    def start(self) -> None:
        self.dovecot.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self.dovecot.stop()

    def memory(self) -> dict:
        both = super().memory()
        both["now_mib"] = round(both["now_mib"] + self.dovecot.memory()["now_mib"], 1)
        return both

    def arrived(self) -> int:
        return self.dovecot.arrived()


RELAYED_DOMAINS = 10


class Relay(Server):
    """Takes letters for others, and hands them to a sink of its own."""

    @staticmethod
    def sink_beside(directory: pathlib.Path) -> CountingSink:
        return CountingSink(directory.with_name(directory.name + "-sink"))

    def start(self) -> None:
        self.sink.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self.sink.stop()

    def recipient(self, number: int) -> str:
        return f"u{number}@relayed{number % RELAYED_DOMAINS}.test"

    def idle(self, sent: int) -> bool:
        return self.sink.arrived() >= sent

    def arrived(self) -> int:
        return self.sink.arrived()


class PabalRelay(Relay, Pabal):
    name = "Pabal"

    def __init__(self, directory: pathlib.Path, program: pathlib.Path):
        self.sink = self.sink_beside(directory)
        super().__init__(directory, program, f"""
[smtp]
relay_networks = ["127.0.0.0/8"]
[[route]]
domain = "*"
host = "127.0.0.1"
port = {self.sink.port}
tls = "never"
""")


class PostfixRelay(Relay, Postfix):
    name = "Postfix"

    def __init__(self, directory: pathlib.Path):
        self.sink = self.sink_beside(directory)
        super().__init__(directory, [f"relayhost = [127.0.0.1]:{self.sink.port}"])
