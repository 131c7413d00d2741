"""curl as an IMAP client: logins of another TLS library, letters up and down, folders, searches."""

import subprocess

import letters
from imap_support import ImapTest
from support import PASSWORD, main, needs


HEADER, BODY = letters.PLAIN.split(b"\r\n\r\n", 1)


@needs("curl")
class Curl(ImapTest):
    def curl(self, path, *more, scheme="imaps", user=None):
        port = self.server.ports["imaps" if scheme == "imaps" else "imap"]
        return subprocess.run(["curl", "--silent", "--show-error", f"{scheme}://{self.host}:{port}/{path}",
                               "--resolve", f"{self.host}:{port}:127.0.0.1", "--cacert", self.server.certificate,
                               "--noproxy", "*", "--max-time", "60", "--user", user or f"{self.bob}:{PASSWORD}", *more],
                              capture_output=True)

    def get(self, path, *more, **options):
        done = self.curl(path, *more, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_letters_go_up_and_down_byte_for_byte(self):
        for number, (name, letter) in enumerate(letters.ALL.items(), start=1):
            with self.subTest(name):
                file = self.directory / "letter.eml"
                file.write_bytes(letter)
                self.get("INBOX", "--upload-file", file)
                self.assertEqual(self.get(f"INBOX;MAILINDEX={number}"), letter)
                self.assertEqual(self.get(f"INBOX;UID={number}"), letter)
        self.assertEqual(self.letters_in("INBOX"), list(letters.ALL.values()))

    def test_parts_of_a_letter(self):
        self.put("INBOX", letters.PLAIN)
        self.assertEqual(self.get("INBOX;MAILINDEX=1;SECTION=TEXT"), BODY)
        self.assertEqual(self.get("INBOX;MAILINDEX=1;SECTION=HEADER"), HEADER + b"\r\n\r\n")

    def test_logins(self):
        self.put("INBOX", letters.PLAIN)
        for scheme, more in ("imaps", []), ("imap", ["--ssl-reqd"]):
            for mechanism in "PLAIN", "LOGIN":
                for initial in [], ["--sasl-ir"]:
                    with self.subTest(scheme, mechanism=mechanism, initial=initial):
                        got = self.get("INBOX;MAILINDEX=1", *more, *initial, "--login-options", f"AUTH={mechanism}",
                                       scheme=scheme)
                        self.assertEqual(got, letters.PLAIN)

    def test_a_wrong_password(self):
        done = self.curl("INBOX;MAILINDEX=1", user=f"{self.bob}:hungry for crepes")
        self.assertEqual(done.returncode, 67, done.stderr)  # "login denied"

    def test_folders(self):
        given = self.folders()
        for command in "CREATE Projects", "CREATE Projects/2026", "CREATE Empty", "DELETE Empty":
            self.get("", "--request", command)
        self.assertEqual(self.folders(), sorted([*given, "Projects", "Projects/2026"]))
        listed = self.get("")
        for name in "INBOX", "Projects", "Projects/2026":
            self.assertRegex(listed.decode(), rf'\* LIST \(.*\) "/" "?{name}"?\r\n')

    def test_search_and_flags(self):
        for letter in letters.PLAIN, letters.DOTS, letters.UTF8:
            self.put("INBOX", letter)
        self.assertEqual(self.get("INBOX?SUBJECT%20dots"), b"* SEARCH 2\r\n")
        self.get("INBOX", "--request", "STORE 1 +Flags \\Deleted")
        self.get("INBOX", "--request", "EXPUNGE")
        self.assertEqual(self.letters_in("INBOX"), [letters.DOTS, letters.UTF8])

    def test_a_letter_that_is_not_there(self):
        self.put("INBOX", letters.PLAIN)
        self.assertNotEqual(self.curl("INBOX;UID=7").returncode, 0)
        self.assertNotEqual(self.curl("Nowhere;MAILINDEX=1").returncode, 0)


if __name__ == "__main__":
    main()
