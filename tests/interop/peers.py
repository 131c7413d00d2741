"""Other mail servers, each a private one: on a free port, in a directory that goes away, with nothing of it in
/etc. They come from Debian's packages, unpacked and not installed, because Debian lets only one of them in."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from pabal_server import PATIENCE, SOURCE, wait_until

# Where tools/set-up.sh unpacks them (unpack_peers).
ROOT = pathlib.Path(os.environ.get("PABAL_PEERS", SOURCE / "build/peers"))

# Of every Debian, and of no use to anybody else while a test runs.
OWNER, GROUP = "daemon", "mail"
NOBODY = 65534


def installed(program):
    return (ROOT / program).exists()


def free_port():
    """Not taken now. Another program may be quicker, which is seen: nobody answers in the peer's words then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_certificate(directory, name):
    """For which nobody vouches; key and certificate in one file."""
    path, certificate = directory / "certificate.pem", directory / "only-certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                    "-keyout", path, "-out", certificate], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + certificate.read_bytes())
    return path


class Peer:
    """Serves crepes.fr; what arrives there lies in one Maildir, whoever it is for."""

    domain = "crepes.fr"

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pabal-peer-"))
        self.directory.chmod(0o755)
        self.maildir = self.directory / "mail"
        self.port = free_port()

    def launch(self, command, **options):
        self._output = open(self.directory / "output", "wb")
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
                                         start_new_session=True, **options)
        try:
            wait_until(f"{command[0]} listens", lambda: self._process.poll() is not None or is_listening(self.port))
            if self._process.poll() is not None:
                raise AssertionError(f"{command[0]} did not start:\n{self.log()}")
        except BaseException:
            self.stop()
            raise

    def letters(self):
        """What arrived, the oldest first, with the line ends that it had on the wire."""
        new = self.maildir / "new"
        files = sorted(new.iterdir(), key=lambda file: file.stat().st_mtime_ns) if new.exists() else []
        return [file.read_bytes().replace(b"\n", b"\r\n") for file in files]

    def wait_for_letters(self, count):
        new = self.maildir / "new"
        wait_until(f"{count} letters at {self.domain}", lambda: new.exists() and len(os.listdir(new)) >= count)
        return self.letters()

    def log(self):
        files = [self.directory / name for name in ("output", "log", "mainlog")]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE)
        self._output.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class Postfix(Peer):
    """What is for others goes to `relay` (host, port), over smtp or lmtp."""

    program = "usr/lib/postfix/sbin/master"

    def __init__(self, relay=None, transport="smtp", **settings):
        super().__init__()
        for name in ("etc", "data", "queue", "mail"):
            (self.directory / name).mkdir()
        shutil.chown(self.directory / "data", OWNER)
        os.chown(self.maildir, NOBODY, NOBODY)
        self._make_queue(self.directory / "queue")
        self._write_services()
        main = self._common_settings() | settings
        if relay:
            main["default_transport"] = f"{transport}:{'inet:' if transport == 'lmtp' else ''}[{relay[0]}]:{relay[1]}"
        (self.directory / "etc/main.cf").write_text("".join(f"{key} = {value}\n" for key, value in main.items()))
        # Not through the `postfix` command, which checks the ownership of what a package would have installed.
        self.launch([ROOT / self.program, "-c", self.directory / "etc", "-d"],
                    env=os.environ | {"LD_LIBRARY_PATH": str(ROOT / "usr/lib/postfix")})

    def _common_settings(self):
        certificate = make_certificate(self.directory, f"mail.{self.domain}")
        return {
            "compatibility_level": "3.6",
            "queue_directory": self.directory / "queue",
            "data_directory": self.directory / "data",
            "command_directory": ROOT / "usr/sbin",
            "daemon_directory": ROOT / "usr/lib/postfix/sbin",
            "meta_directory": ROOT / "etc/postfix",
            "shlib_directory": ROOT / "usr/lib/postfix",
            "import_environment": "MAIL_CONFIG LD_LIBRARY_PATH",
            "export_environment": "MAIL_CONFIG LD_LIBRARY_PATH",
            "mail_owner": OWNER,
            "setgid_group": GROUP,
            "maillog_file": self.directory / "log",
            "maillog_file_prefixes": self.directory,
            "myhostname": f"mail.{self.domain}",
            "mydestination": "",
            "alias_maps": "",
            "inet_interfaces": "127.0.0.1",
            "mynetworks": "127.0.0.0/8",
            "smtp_dns_support_level": "disabled",
            "message_size_limit": "0",
            "virtual_mailbox_limit": "0",
            "virtual_mailbox_domains": self.domain,
            "virtual_mailbox_base": self.directory,
            "virtual_mailbox_maps": "static:mail/",
            "virtual_uid_maps": f"static:{NOBODY}",
            "virtual_gid_maps": f"static:{NOBODY}",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_chain_files": certificate,
            # An error is put right at once, not in five minutes: a test that meets one shall say so soon.
            "queue_run_delay": "1s",
            "minimal_backoff_time": "1s",
        }

    def _make_queue(self, queue):
        for name in ("active bounce corrupt defer deferred flush hold incoming private saved trace".split()):
            self._make_folder(queue / name, 0o700, OWNER)
        self._make_folder(queue / "maildrop", 0o1730, OWNER, GROUP)
        self._make_folder(queue / "public", 0o2710, OWNER, GROUP)
        self._make_folder(queue / "pid", 0o755)

    @staticmethod
    def _make_folder(path, mode, owner="root", group="root"):
        path.mkdir()
        shutil.chown(path, owner, group)
        path.chmod(mode)

    def _write_services(self):
        """Debian's table of daemons, without chroots and without those that pipe to other programs."""
        lines = []
        for line in (ROOT / "usr/share/postfix/master.cf.dist").read_text().splitlines():
            words = line.split()
            if not words or line.startswith(("#", " ", "\t")) or words[-1] == "pipe":
                continue
            if words[:2] == ["smtp", "inet"]:
                words[0] = f"127.0.0.1:{self.port}"
            words[4] = "n"
            lines.append(" ".join(words))
        (self.directory / "etc/master.cf").write_text("\n".join(lines) + "\n")


class Exim(Peer):
    """What is for others is taken from this machine and from whom LOGIN names, and goes to `relay` (host, port);
    without one it stays here too. Runs without root."""

    LOGIN = ("office", "sliced onions")

    program = "usr/sbin/exim4"

    def __init__(self, relay=None, open_to="127.0.0.1"):
        super().__init__()
        # A copy without the set-uid bit; and a user of that name, compiled in, which this machine need not have.
        program = self.directory / "exim4"
        shutil.copyfile(ROOT / self.program, program)
        program.chmod(0o755)
        self._add_name("passwd", "Debian-exim:x:{0}:{0}::/nonexistent:/bin/false")
        self._add_name("group", "Debian-exim:x:{0}:")
        certificate = make_certificate(self.directory, f"mail.{self.domain}")
        (self.directory / "exim.conf").write_text(f"""
exim_path = {program}
spool_directory = {self.directory}/spool
log_file_path = {self.directory}/%slog
pid_file_path = {self.directory}/pid
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
deliver_drop_privilege = true
primary_hostname = mail.{self.domain}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
tls_certificate = {certificate}
tls_advertise_hosts = *
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = recipients
acl_smtp_data = accept
begin acl
recipients:
  accept domains = {self.domain}
  accept authenticated = *
  accept hosts = {open_to}
  deny message = Log in first
begin routers
here:
  driver = accept
  domains = {self.domain if relay else "*"}
  transport = maildir
elsewhere:
  driver = manualroute
  route_list = * {relay[0] if relay else "127.0.0.1"}
  self = send
  transport = out
begin transports
maildir:
  driver = appendfile
  directory = {self.maildir}
  maildir_format
  create_directory
  check_string =
  escape_string =
out:
  driver = smtp
  port = {relay[1] if relay else 25}
  allow_localhost
  hosts_require_tls = *
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{self.LOGIN[0]}}}}}{{eq{{$auth3}}{{{self.LOGIN[1]}}}}}}}}}
  server_set_id = $auth2
begin retry
* * F,1h,1s
""")
        as_user = {}
        if os.geteuid() == 0:
            for path in [self.directory, *self.directory.iterdir()]:
                shutil.chown(path, OWNER)
            as_user = {"user": OWNER, "group": OWNER, "extra_groups": []}
        self.launch([program, "-C", self.directory / "exim.conf", "-bdf", "-q1m"], **as_user,
                    env=os.environ | {"LD_PRELOAD": "libnss_wrapper.so",
                                      "NSS_WRAPPER_PASSWD": str(self.directory / "passwd"),
                                      "NSS_WRAPPER_GROUP": str(self.directory / "group")})

    def _add_name(self, file, line):
        number = 1 if os.geteuid() == 0 else os.geteuid()
        (self.directory / file).write_text(line.format(number) + "\n" + pathlib.Path("/etc", file).read_text())


class Dovecot(Peer):
    """Serves mailboxes by IMAP: what proves our clients, and what fetches mail from us. From its packages, which lie
    over /usr in a mount namespace of its own, so it wants root."""

    program = "usr/lib/dovecot/imap"  # of a package of its own, which stands on the other
    domain = "crepes.fr"

    MOST_ACCOUNTS = 200

    def __init__(self, password, **settings):
        super().__init__()
        self.ports = {"imap": self.port, "imaps": free_port()}
        self.maildir.mkdir()
        os.chown(self.maildir, NOBODY, NOBODY)
        self.certificate = make_certificate(self.directory, f"mail.{self.domain}")
        # All at once: it looks at the file's date only, which has whole seconds.
        (self.directory / "users").write_text("".join(
            f"user{i}@{self.domain}:{password}\n" for i in range(1, self.MOST_ACCOUNTS)))
        self._accounts = 0
        more = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (self.directory / "dovecot.conf").write_text(f"""
base_dir = {self.directory}/base
state_dir = {self.directory}/state
default_internal_user = {OWNER}
default_internal_group = {OWNER}
default_login_user = nobody
protocols = imap
listen = 127.0.0.1
log_path = {self.directory}/log
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{self.certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
first_valid_uid = 1
mail_location = maildir:~/Maildir:LAYOUT=fs
mail_max_userip_connections = 1000
mail_attribute_dict = file:%h/attributes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {self.directory}/users
}}
userdb {{
  driver = static
  args = uid={NOBODY} gid={NOBODY} home={self.maildir}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.ports["imaps"]}
    ssl = yes
  }}
}}
{more}""")
        self.launch([*self._beside(), "dovecot", "-F", "-c", self.directory / "dovecot.conf"])

    @classmethod
    def is_usable(cls):
        """Unpacked, and this machine lets us put it over /usr: not in a chroot, nor in most containers."""
        return (installed(cls.program) and os.geteuid() == 0 and
                subprocess.run([*cls._beside(), "true"], capture_output=True).returncode == 0)

    @staticmethod
    def _beside():
        script = 'mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, ROOT]

    def add_account(self, _password):
        self._accounts += 1
        return f"user{self._accounts}@{self.domain}"

    def doveadm(self, *arguments, settings=None):
        """Its output; a command that fails is an error of the test."""
        words = [word for key, value in (settings or {}).items() for word in ("-o", f"{key}={value}")]
        done = subprocess.run([*self._beside(), "doveadm", "-c", self.directory / "dovecot.conf", *words, *arguments],
                              capture_output=True, timeout=PATIENCE)
        if done.returncode not in (0, 2):  # 2: it could not copy all that changed meanwhile
            raise AssertionError(f"doveadm {arguments}: {done.returncode} {done.stderr.decode()}\n{self.log()}")
        return done.stdout.decode()
