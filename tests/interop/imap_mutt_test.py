"""mutt on a terminal, its keys pressed by a script: reading, flagging, deleting, copying, saving."""

import os
import pty
import select
import subprocess
import time

import letters
from imap_support import ImapTest
from pabal_server import PATIENCE
from support import PASSWORD, main, needs


@needs("mutt")
class Mutt(ImapTest):
    def setUp(self):
        super().setUp()
        for letter in letters.PLAIN, letters.DOTS, letters.UTF8, letters.LATIN1:
            self.put("INBOX", letter)

    def mutt(self, keys, folder="INBOX", tls=True):
        port, scheme = (self.server.ports["imaps"], "imaps") if tls else (self.server.ports["imap"], "imap")
        (self.directory / "muttrc").write_text(f"""
set folder = "{scheme}://127.0.0.1:{port}/"
set spoolfile = "+{folder}"
set imap_user = "{self.bob}"
set imap_pass = "{PASSWORD}"
set imap_authenticators = "plain:login"
set ssl_starttls = no
set ssl_verify_host = no
set certificate_file = "{self.server.certificate}"
set delete = yes
set move = no
set confirmappend = no
set confirmcreate = no
set sort = mailbox-order
set wait_key = no
set sleep_time = 0
set beep = no
set mark_old = no
set from = "{self.bob}"
push "{keys}"
""")
        terminal, theirs = pty.openpty()
        mutt = subprocess.Popen(["mutt", "-n", "-F", self.directory / "muttrc"], stdin=theirs, stdout=theirs, stderr=theirs,
                                start_new_session=True, env=os.environ | {"TERM": "vt100", "HOME": str(self.directory),
                                                                          "LANG": "C.UTF-8"})
        os.close(theirs)
        shown = b""
        try:
            deadline = time.monotonic() + PATIENCE
            while mutt.poll() is None:
                if time.monotonic() > deadline:
                    self.fail(f"mutt does not end; it shows {shown[-800:]}")
                if select.select([terminal], [], [], 0.1)[0]:
                    try:
                        shown += os.read(terminal, 65536)
                    except OSError:  # it is gone
                        break
            self.assertEqual(mutt.wait(PATIENCE), 0, shown[-800:])
        finally:
            if mutt.poll() is None:
                mutt.kill()
                mutt.wait()
            os.close(terminal)
        return shown

    def subjects(self, folder):
        return [next(line for line in letter.split(b"\r\n") if line.startswith(b"Subject:"))[9:].decode()
                for _, letter in self.state(folder).values()]

    def test_flags_and_deletes(self):
        for tls in True, False:
            with self.subTest(tls=tls):
                if tls:
                    self.mutt("<first-entry><flag-message><delete-pattern>~s dots<enter><sync-mailbox><quit>", tls=tls)
                    self.assertEqual(self.subjects("INBOX"), ["plain", "utf-8", "latin-1"])
                    self.assertIn("\\Flagged", list(self.state("INBOX").values())[0][0])
                else:
                    self.mutt("<tag-pattern>~A<enter><tag-prefix><set-flag>r<sync-mailbox><quit>", tls=tls)
                    self.assertTrue(all("\\Answered" in flags for flags, _ in self.state("INBOX").values()))

    def test_reads(self):
        read = self.directory / "read"
        self.mutt(f"<first-entry><display-message><exit><pipe-message>cat >{read}<enter><sync-mailbox><quit>")
        self.assertEqual(read.read_bytes().replace(b"\n", b"\r\n"), letters.PLAIN)
        self.assertEqual([("\\Seen" in flags) for flags, _ in self.state("INBOX").values()], [True, False, False, False])

    def test_copies_and_saves(self):
        self.mutt("<create-mailbox>Saved<enter><first-entry><copy-message>=Saved<enter>"
                  "<next-entry><save-message>=Saved<enter><sync-mailbox><quit>")
        self.assertEqual(self.subjects("Saved"), ["plain", "dots"])
        self.assertEqual(self.subjects("INBOX"), ["plain", "utf-8", "latin-1"])
        self.assertEqual(self.letters_in("Saved"), [letters.PLAIN, letters.DOTS])

    def test_searches_on_the_server(self):
        shown = self.mutt("<limit>=b ketchup<enter><delete-pattern>~A<enter><sync-mailbox><quit>")
        self.assertEqual(self.subjects("INBOX"), ["dots", "utf-8", "latin-1"], shown[-500:])


if __name__ == "__main__":
    main()
