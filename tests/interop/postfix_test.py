"""Postfix as the server that sends to us (over SMTP, LMTP, and submission with a login), that takes our mail, and
that passes it on to another Pabal."""

import email
import email.policy
import unittest

import letters
from pabal_server import Pabal
from peers import Postfix, installed
from support import PASSWORD, OutboundTest, main, needs_root
from through import ALICE, ThroughTest, ToMxTest

ZONE = "crepes.fr. MX 10 mail.crepes.fr.\nmail.crepes.fr. A 127.0.0.1\n"

is_here = unittest.skipUnless(installed(Postfix.program), "Postfix is not unpacked (tools/set-up.sh)")


@needs_root
@is_here
class ToMx(ToMxTest, ThroughTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = cls.start(Postfix(("127.0.0.1", cls.pabal.ports["mx"]), smtp_tls_security_level="encrypt"))

    def test_many_letters_and_recipients(self):
        people = [self.new_account() for _ in range(5)]
        for _ in range(20):
            self.hand_in(ALICE, people, letters.DOTS)
        for address in people:
            self.assert_arrived(address, *[letters.DOTS] * 20)

    def test_our_refusal_is_told_to_the_sender_word_for_word(self):
        bob = self.new_account()
        self.hand_in(ALICE, [bob, "nobody@hamburger.edu"], letters.PLAIN)
        self.assert_arrived(bob, letters.PLAIN)
        report = self.peer.wait_for_letters(1)[-1]
        self.assertIn(b"Status: 5.1.1", report)
        self.assertIn(b"nobody@hamburger.edu", report)

    def test_delivery_reports_are_passed_on(self):
        bob = self.new_account()
        self.hand_in(ALICE, bob, letters.PLAIN, ["RET=HDRS", "ENVID=QQ314159"],
                     ["NOTIFY=FAILURE", f"ORCPT=rfc822;{bob}"])
        self.assert_arrived(bob, letters.PLAIN)


@needs_root
@is_here
class ToSubmission(ThroughTest):
    """As an office's server that hands everything to its provider, with a login."""

    def start_postfix(self, port, bob, **settings):
        secrets = self.pabal.directory / f"secrets.{bob}"
        secrets.write_text(f"[127.0.0.1]:{self.pabal.ports[port]} {bob}:{PASSWORD}\n")
        return self.start(Postfix(
            ("127.0.0.1", self.pabal.ports[port]), smtp_tls_security_level="encrypt", smtp_sasl_auth_enable="yes",
            smtp_sasl_password_maps=f"texthash:{secrets}", smtp_sasl_tls_security_options="noanonymous", **settings))

    def test_logins(self):
        for port, settings in ("submission", {}), ("submissions", {"smtp_tls_wrappermode": "yes"}):
            for mechanism in "plain", "login", "scram-sha-256":
                with self.subTest(port, mechanism=mechanism):
                    bob, carol = self.new_account(), self.new_account()
                    self.peer = self.start_postfix(port, bob, smtp_sasl_mechanism_filter=mechanism, **settings)
                    letter = letters.sent_by(bob, letters.DOTS)
                    self.hand_in(bob, carol, letter)
                    [arrived] = self.assert_arrived(carol, letter)
                    self.assertIn(b"with ESMTPSA", arrived)


@needs_root
@is_here
class ToLmtp(ThroughTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = cls.start(Postfix(("127.0.0.1", cls.pabal.ports["lmtp"]), "lmtp"))

    def test_letters_arrive_byte_for_byte(self):
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                bob, carol = self.new_account(), self.new_account()
                self.hand_in(ALICE, [bob, carol], letter, ["BODY=8BITMIME"])
                for address in bob, carol:
                    [arrived] = self.assert_arrived(address, letter)
                    self.assertIn(b"with LMTP", arrived)


@needs_root
@is_here
class FromPabal(OutboundTest):
    """By the DNS: MX, address, STARTTLS with a certificate that nobody vouches for, BDAT."""

    @classmethod
    def make_server(cls):
        cls.postfix = cls.start(Postfix(
            smtpd_recipient_restrictions="check_recipient_access inline:{ "
            "{ nobody@crepes.fr = 550 5.1.1 Nobody of that name here }, { permit@crepes.fr = OK } }, permit"))
        return Pabal(f"[queue]\nport = {cls.postfix.port}", ZONE)

    def test_letters_arrive_byte_for_byte(self):
        before = len(self.postfix.letters())
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                before += 1
                sent = self.hand_in(ALICE, letter, ["BODY=8BITMIME"])
                arrived = self.postfix.wait_for_letters(before)[-1]
                self.assert_same([arrived], [sent])
                self.assertIn(b"with ESMTPS", arrived)

    def test_twenty_megabytes(self):
        before = len(self.postfix.letters())
        sent = self.hand_in(ALICE, letters.large())
        self.assert_same(self.postfix.wait_for_letters(before + 1)[before:], [sent])

    def test_addresses_in_any_script(self):
        before = len(self.postfix.letters())
        sent = self.hand_in("앨리스@crepes.fr", letters.UTF8, ["SMTPUTF8", "BODY=8BITMIME"])
        [arrived] = self.postfix.wait_for_letters(before + 1)[before:]
        self.assert_same([arrived], [sent])
        self.assertIn("Delivered-To: 앨리스@crepes.fr".encode(), arrived)

    def test_one_of_three_is_refused(self):
        before, carol = len(self.postfix.letters()), self.new_account()
        sent = self.hand_in([ALICE, "nobody@crepes.fr", "zoe@crepes.fr"], letters.PLAIN, sender=carol)
        self.assert_same(self.postfix.wait_for_letters(before + 2)[before:], [sent] * 2)
        [report] = self.pabal.wait_for_letters(carol, 1)
        for words in b"Nobody of that name here", b"Status: 5.1.1", b"nobody@crepes.fr":
            self.assertIn(words, report)
        self.assertNotIn(b"zoe@crepes.fr", report.partition(b"message/rfc822")[0])

    def test_its_own_250_is_in_the_journey(self):
        before = len(self.postfix.letters())
        self.hand_in(ALICE, letters.make("a journey", b"Hello\r\n"))
        self.postfix.wait_for_letters(before + 1)
        [journey] = self.pabal.json("journey", "find", "--message-id", "a-journey@crepes.fr")
        self.pabal.wait_for_output(b"took the letter for alice@crepes.fr: 250 2.0.0 Ok: ", "journey", "show",
                                   journey["id"])


@needs_root
@is_here
class FromPabalToTheNineties(OutboundTest):
    """A host that has not heard of 8-bit letters, of pipelining, of anything."""

    @classmethod
    def make_server(cls):
        cls.postfix = cls.start(Postfix(
            smtpd_discard_ehlo_keywords="chunking,pipelining,8bitmime,smtputf8,dsn,starttls,size,enhancedstatuscodes"))
        return Pabal(f"[queue]\nport = {cls.postfix.port}", ZONE)

    def test_letters_of_seven_bits_stay_as_they_are(self):
        for count, (name, letter) in enumerate(letters.SEVEN_BIT.items(), len(self.postfix.letters()) + 1):
            with self.subTest(name):
                sent = self.hand_in(ALICE, letter)
                self.assert_same(self.postfix.wait_for_letters(count)[-1:], [sent])

    def test_others_are_converted(self):
        before = len(self.postfix.letters())
        for count, (name, letter) in enumerate(letters.EIGHT_BIT.items(), before + 1):
            with self.subTest(name):
                sent = self.hand_in(ALICE, letter, ["BODY=8BITMIME"])
                arrived = self.postfix.wait_for_letters(count)[-1]
                self.assertTrue(arrived.isascii())
                got, want = (email.message_from_bytes(each, policy=email.policy.SMTP) for each in (arrived, sent))
                self.assertEqual(got.get_content(), want.get_content())

    def test_an_address_that_it_can_not_have_comes_back(self):
        carol = self.new_account()
        self.hand_in("앨리스@crepes.fr", letters.UTF8, ["SMTPUTF8", "BODY=8BITMIME"], sender=carol)
        [report] = self.pabal.wait_for_letters(carol, 1)
        self.assertIn(b"5.6.7", report)


@needs_root
@is_here
class InBetween(OutboundTest):
    """From one Pabal to another, with Postfix on the way."""

    @classmethod
    def make_server(cls):
        cls.other = cls.start(Pabal(domain="burgers.example"))
        cls.alice = cls.other.add_account(PASSWORD)
        cls.postfix = cls.start(Postfix(("127.0.0.1", cls.other.ports["mx"]), smtp_tls_security_level="encrypt"))
        return Pabal(f'[[route]]\ndomain = "burgers.example"\nhost = "127.0.0.1"\nport = {cls.postfix.port}\n'
                     'tls = "required"\nverify_certificate = false')

    def test_letters_arrive_byte_for_byte(self):
        sent = []
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                sent.append(self.hand_in(self.alice, letter, ["BODY=8BITMIME"]))
                self.assert_same(self.other.wait_for_letters(self.alice, len(sent)), sent)


if __name__ == "__main__":
    main()
