"""getmail and fdm: programs that fetch mail and take it away from the server."""

import os
import re
import subprocess

import letters
from imap_support import ImapTest
from peers import NOBODY
from support import PASSWORD, main, needs


_ADDED = re.compile(rb"^(?:Return-Path: <unknown>|X-getmail-[^\n]*)\n", re.MULTILINE)


def in_maildir(path):
    """With the line ends of the wire, without getmail's own lines; what was fetched in one go has no order."""
    files = [file.read_bytes() for where in ("new", "cur") for file in (path / where).iterdir()]
    return sorted(_ADDED.sub(b"", file).replace(b"\n", b"\r\n") for file in files)


class Fetching(ImapTest):
    letters = list(letters.ALL.values())

    def setUp(self):
        super().setUp()
        for letter in self.letters:
            self.put("INBOX", letter)
        self.put("Projects", letters.PLAIN)
        self.maildir = self.directory / "maildir"
        for where in "cur", "new", "tmp":
            (self.maildir / where).mkdir(parents=True)
        self.directory.chmod(0o755)

    def run_program(self, *command):
        """As nobody: mail is not delivered by root."""
        nobody = {}
        if os.geteuid() == 0:
            for path in [self.directory, *self.directory.glob("**/*")]:
                os.chown(path, NOBODY, NOBODY)
            nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(command, capture_output=True, timeout=120, cwd=self.directory, **nobody,
                              env=os.environ | {"HOME": str(self.directory)})
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())


@needs("getmail")
class Getmail(Fetching):
    letters = [letter for letter in Fetching.letters if letter != letters.FOLDED]  # it trims lines of headers

    def getmail(self, tls, delete, folders='("INBOX",)'):
        (self.directory / "getmailrc").write_text(f"""
[retriever]
type = {"SimpleIMAPSSLRetriever" if tls else "SimpleIMAPRetriever"}
server = 127.0.0.1
port = {self.server.ports["imaps" if tls else "imap"]}
username = {self.bob}
password = {PASSWORD}
mailboxes = {folders}
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

    def test_it_takes_all_and_leaves_nothing(self):
        self.getmail(tls=True, delete=True, folders='("INBOX", "Projects")')
        self.assertEqual(in_maildir(self.maildir), sorted([*self.letters, letters.PLAIN]))
        self.assertEqual(self.state("INBOX") | self.state("Projects"), {})

    def test_it_takes_only_what_is_new(self):
        self.getmail(tls=False, delete=False)
        self.getmail(tls=False, delete=False)
        self.assertEqual(in_maildir(self.maildir), sorted(self.letters))
        self.put("INBOX", letters.make("one more", b"Hello.\r\n"))
        self.getmail(tls=False, delete=False)
        self.assertEqual(len(in_maildir(self.maildir)), len(self.letters) + 1)
        self.assertEqual(len(self.state("INBOX")), len(self.letters) + 1)


@needs("fdm")
class Fdm(Fetching):
    def fdm(self, tls, only="", keep=""):
        port = self.server.ports["imaps" if tls else "imap"]
        config = self.directory / "fdm.conf"
        config.write_text(f"""
set lock-file "{self.directory}/lock"
set no-received
action "here" maildir "{self.maildir}"
account "bob" {"imaps" if tls else "imap"} server "127.0.0.1" port {port} user "{self.bob}" pass "{PASSWORD}" folder "INBOX" {only} {"no-verify" if tls else ""} {keep}
match all action "here"
""")
        config.chmod(0o600)
        self.run_program("fdm", "-f", str(config), "-q", "fetch")

    def test_it_takes_all_and_leaves_nothing(self):
        for tls in True, False:
            with self.subTest(tls=tls):
                self.fdm(tls)
                self.assertEqual(self.state("INBOX"), {})
                self.assertEqual(len(in_maildir(self.maildir)), len(self.letters) if tls else len(self.letters) + 1)
                self.put("INBOX", letters.make("one more", b"Hello.\r\n"))

    def test_it_keeps_and_takes_only_what_is_new(self):
        for _ in range(2):
            self.fdm(True, only="new-only", keep="keep")
        self.assertEqual(len(self.state("INBOX")), len(self.letters))
        self.assertEqual(len(in_maildir(self.maildir)), len(self.letters))


if __name__ == "__main__":
    main()
