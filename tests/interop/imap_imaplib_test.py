"""Python's imaplib: a mail program's day, command by command, and what the server must hold afterwards."""

import imaplib
import re

import letters
from imap_support import ImapTest, fetch, quoted, said
from pabal_server import PATIENCE
from support import PASSWORD, main

SEEN, FLAGGED, DELETED = "\\Seen", "\\Flagged", "\\Deleted"

NESTED = (b"From: Alice <alice@crepes.fr>\r\nTo: Bob <bob@hamburger.edu>, \"Carol, C.\" <carol@hamburger.edu>\r\n"
          b"Subject: two parts\r\nDate: Sat, 01 Aug 2026 12:00:00 +0200\r\nMessage-ID: <two@crepes.fr>\r\n"
          b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n"
          b"--cut\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nHello.\r\n"
          b"--cut\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
          b"AAAA\r\n--cut--\r\n")
NESTED_ENVELOPE = (b'ENVELOPE ("Sat, 01 Aug 2026 12:00:00 +0200" "two parts" (("Alice" NIL "alice" "crepes.fr")) '
                   b'(("Alice" NIL "alice" "crepes.fr")) (("Alice" NIL "alice" "crepes.fr")) '
                   b'(("Bob" NIL "bob" "hamburger.edu")("Carol, C." NIL "carol" "hamburger.edu")) NIL NIL NIL '
                   b'"<two@crepes.fr>")')
NESTED_BODY = (b'BODY (("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 0)'
               b'("application" "octet-stream" ("name" "a.bin") NIL NIL "base64" 4) "mixed")')


class Doors(ImapTest):
    def test_starttls_with_a_certificate_that_holds(self):
        session = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"], timeout=PATIENCE)
        self.assertIn("STARTTLS", session.capabilities)
        said(session.starttls(self.trusting()))
        self.assertNotIn("STARTTLS", session.capabilities)
        said(session.login(self.bob, PASSWORD))
        session.logout()

    def test_tls_from_the_first_byte(self):
        said(self.client(folder="INBOX", tls=True).noop())

    def test_a_wrong_password(self):
        session = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.trusting(),
                                    timeout=PATIENCE)
        with self.assertRaises(imaplib.IMAP4.error):
            session.login(self.bob, "hungry for crepes")
        said(session.login(self.bob, PASSWORD))
        session.logout()

    def test_authenticate_plain(self):
        session = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.trusting(),
                                    timeout=PATIENCE)
        said(session.authenticate("PLAIN", lambda _: f"\0{self.bob}\0{PASSWORD}".encode()))
        said(session.select())
        session.logout()

    def test_commands_out_of_their_state_are_refused(self):
        session = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"], timeout=PATIENCE)
        session.state = "AUTH"  # so that the client lets us
        for command in lambda: session.select(), lambda: session.list(), lambda: session.status("INBOX", "(MESSAGES)"):
            with self.assertRaises((imaplib.IMAP4.error, AssertionError)):
                said(command())
        session.logout()


class Letters(ImapTest):
    def test_every_letter_comes_back_byte_for_byte(self):
        session = self.client()
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                said(session.append("INBOX", "(\\Seen kept)", '" 1-Aug-2026 10:00:00 +0000"', letter))
        self.assertEqual(self.letters_in("INBOX"), list(letters.ALL.values()))
        self.assertTrue(all(flags == {SEEN, "kept"} for flags, _ in self.state("INBOX").values()))
        said(session.select())
        dates = said(session.fetch("1:*", "(INTERNALDATE)"))
        self.assertTrue(all(imaplib.Internaldate2tuple(each)[:3] == (2026, 8, 1) for each in dates))

    def test_twenty_megabytes(self):
        letter = letters.large()
        session = self.client(tls=True)
        said(session.append("INBOX", "", None, letter))
        said(session.select())
        [(_, _, whole)] = fetch(session, "1", "(UID BODY.PEEK[])")
        self.assertEqual(whole, letter)
        [(_, _, piece)] = fetch(session, "1", "(UID BODY.PEEK[]<10000000.1000>)")
        self.assertEqual(piece, letter[10_000_000:10_001_000])
        self.assertIn(b"RFC822.SIZE %d" % len(letter), said(session.fetch("1", "(RFC822.SIZE)"))[0])

    def test_what_a_letter_is_made_of(self):
        self.put("INBOX", NESTED)
        session = self.client(folder="INBOX")
        # Names of types, parameters and encodings are written as each server likes.
        envelope = said(session.fetch("1", "(ENVELOPE)"))[0]
        self.assertIn(NESTED_ENVELOPE.lower(), envelope.lower())
        self.assertIn(NESTED_BODY.lower(), said(session.fetch("1", "(BODY)"))[0].lower())
        for part, want in {"1": b"Hello.", "2": b"AAAA", "1.MIME": b"Content-Type: text/plain; charset=us-ascii\r\n\r\n",
                           "HEADER.FIELDS (SUBJECT)": b"Subject: two parts\r\n\r\n"}.items():
            [(_, _, got)] = fetch(session, "1", f"(UID BODY.PEEK[{part}])")
            self.assertEqual(got, want, part)

    def test_reading_sets_seen_and_peeking_does_not(self):
        self.put("INBOX", letters.PLAIN)
        session = self.client(folder="INBOX")
        fetch(session, "1", "(UID BODY.PEEK[])")
        self.assertEqual([flags for flags, _ in self.state("INBOX").values()], [set()])
        said(session.fetch("1", "(BODY[])"))
        self.assertEqual([flags for flags, _ in self.state("INBOX").values()], [{SEEN}])


class Folders(ImapTest):
    def test_a_tree_of_folders_in_any_script(self):
        session, given = self.client(), self.folders()
        korean = "&07jJwA-"  # modified UTF-7, as clients of IMAP4rev1 write it
        made = ["Projects", "Projects/2026", "Projects/2026/08", korean, "two words"]
        for name in made:
            said(session.create(quoted(name)))
            said(session.subscribe(quoted(name)))
        self.assertEqual(self.folders(), sorted(given + made))
        self.put("Projects/2026", letters.PLAIN)
        said(session.rename("Projects", "Old"))
        self.assertEqual(self.letters_in("Old/2026"), [letters.PLAIN])
        said(session.delete(quoted("two words")))
        self.assertNotIn("two words", self.folders())
        self.assertEqual(session.create("INBOX")[0], "NO")
        self.assertEqual(session.delete("nowhere")[0], "NO")
        self.assertEqual(session.select("nowhere")[0], "NO")

    def test_status_counts(self):
        for letter, flags in (letters.PLAIN, ""), (letters.DOTS, "(\\Seen)"), (letters.UTF8, ""):
            self.put("INBOX", letter, flags)
        answer = said(self.client().status("INBOX", "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"))[0]
        numbers = dict(zip(*[iter(re.search(rb"\((.*)\)", answer).group(1).split())] * 2))
        self.assertEqual((numbers[b"MESSAGES"], numbers[b"UNSEEN"], numbers[b"UIDNEXT"]), (b"3", b"2", b"4"))


class Changes(ImapTest):
    def setUp(self):
        super().setUp()
        for letter in letters.ALL.values():
            self.put("INBOX", letter)
        self.session = self.client(folder="INBOX")
        self.count = len(letters.ALL)

    def flags(self):
        return [flags for flags, _ in self.state("INBOX").values()]

    def test_flags_and_keywords(self):
        said(self.session.store("1:3", "+FLAGS", "(\\Flagged $Forwarded)"))
        said(self.session.store("2", "-FLAGS.SILENT", "(\\Flagged)"))
        said(self.session.store("3", "FLAGS", "(\\Answered)"))
        self.assertEqual(self.flags()[:4], [{FLAGGED, "$Forwarded"}, {"$Forwarded"}, {"\\Answered"}, set()])
        said(self.session.uid("STORE", "4:*", "+FLAGS", "(\\Draft)"))
        self.assertTrue(all(flags == {"\\Draft"} for flags in self.flags()[3:]))

    def test_expunge_tells_each_number(self):
        said(self.session.store("2,4,5", "+FLAGS", "(\\Deleted)"))
        view = list(range(1, self.count + 1))
        for number in said(self.session.expunge()):  # in whatever order the server likes
            del view[int(number) - 1]
        self.assertEqual(view, [1, 3, *range(6, self.count + 1)])
        self.assertEqual(view, list(self.state("INBOX")))

    def test_uid_expunge_leaves_the_others(self):
        said(self.session.store("1:3", "+FLAGS", "(\\Deleted)"))
        said(self.session.uid("EXPUNGE", "2"))
        self.assertEqual(list(self.state("INBOX"))[:2], [1, 3])

    def test_copy_and_move(self):
        said(self.session.create("Saved"))
        said(self.session.copy("1:2", "Saved"))
        said(self.session.uid("MOVE", "3,4", "Saved"))
        want = list(letters.ALL.values())
        self.assertEqual(self.letters_in("Saved"), want[:4])
        self.assertEqual(self.letters_in("INBOX"), want[:2] + want[4:])
        self.assertEqual(self.session.copy("1", "nowhere")[0], "NO")

    def test_search(self):
        said(self.session.store("2", "+FLAGS", "(\\Flagged)"))
        for key, want in {"ALL": b"1 2 3 4 5 6 7 8 9", "FLAGGED": b"2", "NOT FLAGGED SUBJECT dots": b"",
                          "SUBJECT dots": b"2", "FROM crepes.fr LARGER 2000": b"4 7", "BODY ketchup": b"1 7",
                          "OR SUBJECT plain SUBJECT latin": b"1 7 9", "SENTON 1-Aug-2026 UID 1:2": b"1 2"}.items():
            self.assertEqual(said(self.session.search(None, key))[0] or b"", want, key)
        self.session.literal = "햄버거".encode()
        self.assertEqual(said(self.session.search("UTF-8", "BODY")), [b"8"])

    def test_another_session_is_told(self):
        """By IDLE, while it waits: a letter arrives, a flag is set, a letter goes."""
        tag = self.session._new_tag()
        self.session.send(tag + b" IDLE\r\n")
        self.assertTrue(self.session.readline().startswith(b"+"))
        self.put("INBOX", letters.PLAIN)
        self.wait_for(b"* %d EXISTS" % (self.count + 1))
        other = self.client(folder="INBOX")
        said(other.store("1", "+FLAGS", "(\\Flagged)"))
        self.assertIn(b"\\Flagged", self.wait_for(b"* 1 FETCH"))
        said(other.store("1", "+FLAGS", "(\\Deleted)"))
        said(other.expunge())
        self.wait_for(b"* 1 EXPUNGE")
        self.session.send(b"DONE\r\n")
        self.wait_for(tag + b" OK")

    def wait_for(self, beginning):
        while True:
            line = self.session.readline()
            if line.startswith(beginning):
                return line
            self.assertTrue(line, "the server hung up")


class Resync(ImapTest):
    def test_a_client_comes_back(self):
        for letter in letters.ALL.values():
            self.put("INBOX", letter)
        session = self.client()
        session._get_capabilities()  # those after the login
        if not {"QRESYNC", "ENABLE"} <= set(session.capabilities):
            self.skipTest("the server does not offer QRESYNC")
        said(session.enable("QRESYNC"))
        said(session.select("INBOX"))
        validity = session.response("UIDVALIDITY")[1][0].decode()
        before = session.response("HIGHESTMODSEQ")[1][0].decode()
        session.logout()
        other = self.client(folder="INBOX")
        said(other.store("2", "+FLAGS", "(\\Deleted)"))
        said(other.expunge())
        said(other.store("3", "+FLAGS", "(\\Flagged)"))  # UID 4
        session = self.client()
        session._get_capabilities()
        said(session.enable("QRESYNC"))
        session.untagged_responses = {}
        tag = session._new_tag()
        session.send(tag + f" SELECT INBOX (QRESYNC ({validity} {before}))\r\n".encode())
        told = []
        while not (line := session.readline()).startswith(tag):
            told.append(line)
        self.assertTrue(line.startswith(tag + b" OK"), line)
        self.assertIn(b"* VANISHED (EARLIER) 2\r\n", told)
        [changed] = [line for line in told if b" FETCH " in line]
        self.assertTrue(changed.startswith(b"* 3 FETCH ") and b"UID 4" in changed and b"\\Flagged" in changed, changed)


class Sharing(ImapTest):
    """RFC 4314: one account's folder in another's list."""

    def setUp(self):
        super().setUp()
        self.alice = self.server.add_account(PASSWORD)
        self.owner = self.client()
        if "ACL" not in said(self.owner.capability())[0].decode().split():
            self.skipTest("the server does not offer ACL")
        said(self.owner.create("Work"))
        self.shared = f"Shared/{self.bob}/Work"

    def test_rights_are_given_and_taken_back(self):
        guest = self.client(self.alice)
        self.assertEqual(guest.select(self.shared)[0], "NO")
        said(self.owner.setacl("Work", self.alice, "lrs"))
        [acl] = said(self.owner.getacl("Work"))
        self.assertEqual(acl.decode().split()[3:], [self.alice, "lrs"])
        [mine] = said(guest.myrights(self.shared))
        self.assertTrue(mine.endswith(b" lrs"), mine)
        self.assertTrue(any(line.endswith(self.shared.encode()) for line in said(guest.list('""', "*"))))
        said(guest.select(self.shared))
        said(guest.close())
        said(self.owner.deleteacl("Work", self.alice))
        self.assertEqual(guest.status(self.shared, "(MESSAGES)")[0], "NO")

    def test_letters_go_from_account_to_account(self):
        said(self.owner.setacl("Work", self.alice, "lrswite"))
        self.put("Work", letters.PLAIN)
        guest = self.client(self.alice, folder=self.shared)
        said(guest.uid("COPY", "1", "INBOX"))
        self.assertEqual(self.letters_in("INBOX", self.alice), [letters.PLAIN])
        said(guest.select("INBOX"))
        said(guest.uid("MOVE", "1", quoted(self.shared)))
        self.assertEqual(self.letters_in("INBOX", self.alice), [])
        self.assertEqual(self.letters_in("Work"), [letters.PLAIN, letters.PLAIN])


if __name__ == "__main__":
    main()
