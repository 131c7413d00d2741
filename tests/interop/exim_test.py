"""Exim as the server that sends to us, by BDAT, and as a smart host that wants a login."""

import unittest

import letters
from pabal_server import Pabal
from peers import Exim, installed
from support import OutboundTest, main
from through import ALICE, ThroughTest, ToMxTest

is_here = unittest.skipUnless(installed(Exim.program), "Exim is not unpacked (tools/set-up.sh)")


@is_here
class ToMx(ToMxTest, ThroughTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = cls.start(Exim(("127.0.0.1", cls.pabal.ports["mx"])))

    def test_our_refusal_is_told_to_the_sender(self):
        self.hand_in(ALICE, "nobody@hamburger.edu", letters.PLAIN)
        report = self.peer.wait_for_letters(1)[-1]
        self.assertIn(b"nobody@hamburger.edu", report)
        self.assertIn(b"550 5.1.1", report)


@is_here
class AsOurSmartHost(OutboundTest):
    @classmethod
    def make_server(cls):
        cls.exim = cls.start(Exim(open_to="192.0.2.1"))
        secret = cls.exim.directory / "secret"
        secret.write_text(cls.exim.LOGIN[1] + "\n")
        return Pabal(f"""
[[route]]
domain = "*"
host = "127.0.0.1"
port = {cls.exim.port}
tls = "required"
verify_certificate = false
login = "{cls.exim.LOGIN[0]}"
password_file = "{secret}"
""")

    def test_letters_arrive_byte_for_byte(self):
        for count, (name, letter) in enumerate(letters.ALL.items(), len(self.exim.letters()) + 1):
            with self.subTest(name):
                sent = self.hand_in("someone@far.example", letter, ["BODY=8BITMIME"])
                arrived = self.exim.wait_for_letters(count)[-1]
                self.assert_same([arrived], [sent])
                self.assertIn(b"with esmtpsa", arrived)
        self.assertNotIn(self.exim.LOGIN[1], self.pabal.log())

    def test_twenty_megabytes(self):
        before = len(self.exim.letters())
        sent = self.hand_in("someone@far.example", letters.large())
        self.assert_same(self.exim.wait_for_letters(before + 1)[before:], [sent])


if __name__ == "__main__":
    main()
