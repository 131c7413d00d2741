"""getmail, fdm, fetchmail and mpop: programs that fetch mail by POP3, and leave it or take it away."""

import os
import re
import subprocess

import letters
from peers import NOBODY
from pop3_support import Pop3Test
from support import PASSWORD, main, needs

# They trim lines of headers, or lines that are too long for them; that is not what is tested here.
LETTERS = [letter for name, letter in letters.ALL.items() if name not in ("folded", "long lines")]
# What they put in front.
_ADDED = re.compile(rb"\A(?:From [^\n]*\n|(?:Return-Path|X-getmail-[\w-]*|Received|Delivered-To|X-Original-To):[^\n]*\n"
                    rb"(?:[ \t][^\n]*\n)*)*")


class Fetching(Pop3Test):
    def setUp(self):
        super().setUp()
        for letter in LETTERS:
            self.put("INBOX", letter)
        self.maildir = self.directory / "maildir"
        for where in "cur", "new", "tmp":
            (self.maildir / where).mkdir(parents=True)
        self.directory.chmod(0o755)

    def run_program(self, *command, good=(0,)):
        """As nobody: mail is not delivered by root."""
        nobody = {}
        if os.geteuid() == 0:
            for path in [self.directory, *self.directory.glob("**/*")]:
                os.chown(path, NOBODY, NOBODY)
            nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(command, capture_output=True, timeout=120, cwd=self.directory, **nobody,
                              env=os.environ | {"HOME": str(self.directory), "USER": "nobody", "LOGNAME": "nobody"})
        self.assertIn(done.returncode, good, done.stdout.decode() + done.stderr.decode())

    def fetched(self):
        """With the line ends of the wire; what was fetched in one go has no order."""
        files = [file.read_bytes() for where in ("new", "cur") for file in (self.maildir / where).iterdir()]
        return sorted(_ADDED.sub(b"", file).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for file in files)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def assert_fetched(self, want):
        self.assertEqual([letter.rstrip() for letter in self.fetched()], [letter.rstrip() for letter in sorted(want)])

    def check_keeps_and_deletes(self, run):
        """`run(delete, tls)` fetches: twice it keeps, and takes nothing twice; then it takes all away."""
        run(delete=False, tls=True)
        self.assert_fetched(LETTERS)
        run(delete=False, tls=False)
        self.assert_fetched(LETTERS)
        self.assertEqual(len(self.state("INBOX")), len(LETTERS))
        more = letters.make("one more", b"Hello.\r\n")
        self.put("INBOX", more)
        run(delete=True, tls=True)
        self.assertEqual(self.state("INBOX"), {})
        return more


@needs("getmail")
class Getmail(Fetching):
    def test_it_keeps_and_it_deletes(self):
        def run(delete, tls):  # it takes another port for another maildrop, so that is always the same one
            self.write("getmailrc", f"""
[retriever]
type = SimplePOP3SSLRetriever
server = 127.0.0.1
port = {self.server.ports["pop3s"]}
username = {self.bob}
password = {PASSWORD}
[destination]
type = Maildir
path = {self.maildir}/
[options]
delete = {delete}
read_all = false
delivered_to = false
received = false
""")
            self.run_program("getmail", "--getmaildir", str(self.directory), "--rcfile", "getmailrc", "-q")
        self.assert_fetched([*LETTERS, self.check_keeps_and_deletes(run)])


@needs("fdm")
class Fdm(Fetching):
    def test_it_keeps_and_it_deletes(self):
        def run(delete, tls):
            port = self.server.ports["pop3s" if tls else "pop3"]
            config = self.write("fdm.conf", f"""
set lock-file "{self.directory}/lock"
set no-received
action "here" maildir "{self.maildir}"
account "bob" {"pop3s" if tls else "pop3"} server "127.0.0.1" port {port} user "{self.bob}" pass "{PASSWORD}" new-only cache "{self.directory}/cache" {"no-verify" if tls else ""} {"" if delete else "keep"}
match all action "here"
""")
            self.run_program("fdm", "-f", config, "-q", "fetch")

        for tls in True, False:
            run(delete=False, tls=tls)
            self.assert_fetched(LETTERS)
        self.assertEqual(len(self.state("INBOX")), len(LETTERS))
        more = letters.make("one more", b"Hello.\r\n")
        self.put("INBOX", more)
        run(delete=True, tls=True)
        self.assert_fetched([*LETTERS, more])
        self.assertEqual(self.letters_in("INBOX"), LETTERS)  # what it knows it leaves alone


@needs("fetchmail")
class Fetchmail(Fetching):
    def test_it_keeps_and_it_deletes(self):
        deliver = self.write("deliver", f"#!/bin/sh\nexec cat >{self.maildir}/new/$$.$(date +%N)\n")
        os.chmod(deliver, 0o700)

        def run(delete, tls):
            config = self.write("fetchmailrc", f"""
poll 127.0.0.1 protocol pop3 port {self.server.ports["pop3s" if tls else "pop3"]} uidl
  user "{self.bob}" password "{PASSWORD}" {"ssl" if tls else "sslproto '' "} no sslcertck
  {"nokeep fetchall" if delete else "keep"} mda "{deliver}"
""")
            # 1: there was nothing new
            self.run_program("fetchmail", "-f", config, "-i", str(self.directory / "ids"), "--nosyslog",
                             "--pidfile", str(self.directory / "pid"), good=(0, 1))
        more = self.check_keeps_and_deletes(run)
        self.assert_fetched([*LETTERS, *LETTERS, more])


@needs("mpop")
class Mpop(Fetching):
    def test_it_keeps_and_it_deletes(self):
        def run(delete, tls):
            config = self.write("mpoprc", f"""
account default
host 127.0.0.1
port {self.server.ports["pop3"]}
tls on
tls_starttls on
tls_certcheck off
user {self.bob}
password {PASSWORD}
auth {"scram-sha-256" if tls else "user"}
keep {"off" if delete else "on"}
received_header off
uidls_file {self.directory}/uidls
delivery maildir {self.maildir}
""")
            self.run_program("mpop", "-C", config, "--quiet", "--pipelining=on")
        self.assert_fetched([*LETTERS, self.check_keeps_and_deletes(run)])


if __name__ == "__main__":
    main()
