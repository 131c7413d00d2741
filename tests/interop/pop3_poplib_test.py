"""Python's poplib: a maildrop command by command, and beside a second device that reads by IMAP."""

import poplib

import letters
from pop3_support import Pop3Test, fetched, names
from support import PASSWORD, main


class Poplib(Pop3Test):
    def test_letters_come_byte_for_byte(self):
        for letter in letters.ALL.values():
            self.put("INBOX", letter)
        for tls in None, "stls", "implicit":
            with self.subTest(tls=tls):
                session = self.pop3(tls=tls)
                self.assertEqual(session.stat()[0], len(letters.ALL))
                sizes = [int(line.split()[1]) for line in session.list()[1]]
                for number, letter in enumerate(letters.ALL.values(), start=1):
                    self.assertEqual(fetched(session, number), letter)
                    self.assertEqual(sizes[number - 1], len(letter))
                session.quit()

    def test_a_large_letter(self):
        large = letters.large(5_000_000)
        self.put("INBOX", large)
        self.assertEqual(fetched(self.pop3(tls="implicit"), 1), large)

    def test_top(self):
        self.put("INBOX", letters.DOTS)
        session = self.pop3()
        header, body = letters.DOTS.split(b"\r\n\r\n", 1)
        self.assertEqual(session.top(1, 0)[1], [*header.split(b"\r\n"), b""])
        self.assertEqual(session.top(1, 3)[1], [*header.split(b"\r\n"), b"", *body.split(b"\r\n")[:3]])

    def test_capabilities(self):
        session = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        offered = session.capa()
        for word in ("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "USER", "STLS", "LANG", "UTF8"):
            self.assertIn(word, offered)
        self.assertIn("SCRAM-SHA-256", offered["SASL"])
        self.assertEqual(offered["EXPIRE"], ["NEVER"])
        session.stls(context=self.trusting())
        self.assertNotIn("STLS", session.capa())
        self.assertIn("SCRAM-SHA-256-PLUS", session.capa()["SASL"])
        self.assertEqual(session.utf8()[:3], b"+OK")
        session.quit()

    def test_bob_alone_is_enough(self):
        self.put("INBOX", letters.PLAIN)
        session = self.pop3(address=self.bob.split("@")[0])
        self.assertEqual(session.stat()[0], 1)
        # And for IMAP, by the same rule.
        self.assertEqual(len(self.state("INBOX", address=self.bob.split("@")[0])), 1)

    def test_apop_is_refused_with_a_reason(self):
        session = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        with self.assertRaisesRegex(poplib.error_proto, "APOP"):
            session._shortcmd("APOP bob c4c9334bac560ecc979e58001b3e22fb")

    def test_two_devices(self):
        """One downloads and keeps, another deletes; IMAP sees it all."""
        for letter in letters.PLAIN, letters.DOTS, letters.UTF8:
            self.put("INBOX", letter)
        phone = self.pop3()
        known = names(phone)
        self.assertEqual(fetched(phone, 1), letters.PLAIN)
        phone.quit()
        self.assertEqual([flags for flags, _ in self.state("INBOX").values()], [{"\\Seen"}, set(), set()])

        desk = self.pop3(tls="stls")
        self.assertEqual(names(desk), known)
        imap = self.client(folder="INBOX")
        imap.store("2", "+FLAGS", "\\Deleted")
        imap.expunge()
        self.put("INBOX", letters.FROM_LINE)
        self.assertEqual(desk.stat()[0], 3)
        with self.assertRaisesRegex(poplib.error_proto, "deleted by another client"):
            desk.retr(2)
        self.assertEqual(fetched(desk, 3), letters.UTF8)
        desk.dele(1)
        desk.dele(2)
        self.assertEqual(len(self.state("INBOX")), 3)
        desk.quit()
        self.assertEqual(self.letters_in("INBOX"), [letters.UTF8, letters.FROM_LINE])

        phone = self.pop3()
        self.assertEqual(names(phone)[1], known[3])
        self.assertNotIn(names(phone)[2], known.values())

    def test_a_dropped_connection_deletes_nothing(self):
        self.put("INBOX", letters.PLAIN)
        session = self.pop3()
        session.dele(1)
        session.close()
        self.assertEqual(self.letters_in("INBOX"), [letters.PLAIN])

    def test_one_at_a_time(self):
        self.pop3()
        with self.assertRaisesRegex(poplib.error_proto, r"\[IN-USE\]"):
            self.pop3()

    def test_a_wrong_password(self):
        session = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        session.user(self.bob)
        with self.assertRaisesRegex(poplib.error_proto, r"\[AUTH\]"):
            session.pass_("hungry for crepes")
        session.user(self.bob)
        session.pass_(PASSWORD)

    def test_journeys_tell_of_it(self):
        self.put("INBOX", letters.PLAIN)
        session = self.pop3()
        fetched(session, 1)
        session.dele(1)
        [listed] = self.server.json("letter", "list", self.bob)
        session.quit()
        for words in b"fetched the letter by POP3, from 127.0.0.1:", b"deleted the letter by POP3, from 127.0.0.1:":
            self.server.wait_for_output(words, "journey", "show", listed["journey"])


if __name__ == "__main__":
    main()
