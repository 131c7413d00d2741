"""Python's smtplib as another server and as a mail program."""

import smtplib
import ssl

import letters
from support import PASSWORD, MailTest, main

ALICE = "alice@crepes.fr"


class ToMx(MailTest):
    def connect(self):
        client = smtplib.SMTP("127.0.0.1", self.pabal.ports["mx"], local_hostname="mail.crepes.fr", timeout=60)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def test_letters_arrive_byte_for_byte(self):
        for name, letter in letters.ALL.items():
            with self.subTest(name), self.connect() as client:
                bob = self.new_account()
                client.sendmail(ALICE, bob, letter, ["BODY=8BITMIME"] if name in letters.EIGHT_BIT else [])
                self.assert_arrived(bob, letter, wait=False)

    def test_one_connection_brings_many(self):
        bob = self.new_account()
        with self.connect() as client:
            for letter in letters.SEVEN_BIT.values():
                client.sendmail(ALICE, bob, letter)
        self.assert_arrived(bob, *letters.SEVEN_BIT.values(), wait=False)

    def test_twenty_megabytes(self):
        bob, letter = self.new_account(), letters.large()
        with self.connect() as client:
            client.sendmail(ALICE, bob, letter)
        self.assert_arrived(bob, letter, wait=False)

    def test_trace_fields(self):
        bob = self.new_account()
        with self.connect() as client:
            client.sendmail(ALICE, bob, letters.PLAIN)
        [letter] = self.assert_arrived(bob, letters.PLAIN, wait=False)
        self.assertTrue(letter.startswith(b"Return-Path: <alice@crepes.fr>\r\n"))
        self.assertIn(b"Received: from mail.crepes.fr ", letter)
        self.assertIn(b"with ESMTP", letter)

    def test_starttls(self):
        bob = self.new_account()
        context = ssl.create_default_context(cafile=self.pabal.certificate)
        context.check_hostname = False  # it is for mail.hamburger.edu, and we came by number
        with self.connect() as client:
            client.starttls(context=context)
            client.ehlo()
            self.assertFalse(client.has_extn("starttls"))
            client.sendmail(ALICE, bob, letters.DOTS)
        [letter] = self.assert_arrived(bob, letters.DOTS, wait=False)
        self.assertIn(b"with ESMTPS", letter)

    def test_addresses_in_any_script(self):
        hong = self.pabal.add_account(PASSWORD, "홍길동")
        letter = letters.UTF8.replace(b"Alice <alice@crepes.fr>", "앨리스 <앨리스@crepes.fr>".encode())
        with self.connect() as client:
            client.sendmail("앨리스@crepes.fr", hong, letter, ["SMTPUTF8", "BODY=8BITMIME"])
        [arrived] = self.assert_arrived(hong, letter, wait=False)
        self.assertIn(b"with UTF8SMTP", arrived)  # RFC 6531 4.3

    def test_chunks(self):
        bob = self.new_account()
        with self.connect() as client:
            self.assertTrue(client.has_extn("chunking"))
            client.mail(ALICE, ["BODY=8BITMIME"])
            client.rcpt(bob)
            half = len(letters.UTF8) // 2
            for chunk, last in ((letters.UTF8[:half], ""), (letters.UTF8[half:], ""), (b"", " LAST")):
                client.send(f"BDAT {len(chunk)}{last}\r\n".encode() + chunk)
                self.assertEqual(client.getreply()[0], 250)
        self.assert_arrived(bob, letters.UTF8, wait=False)

    def test_a_letter_of_bytes_that_are_no_lines(self):
        bob = self.new_account()
        letter = letters.make("binary", bytes(range(256)) * 20, "binary", "binary")
        with self.connect() as client:
            client.mail(ALICE, ["BODY=BINARYMIME"])
            client.rcpt(bob)
            client.send(f"BDAT {len(letter)} LAST\r\n".encode() + letter)
            self.assertEqual(client.getreply()[0], 250)
        self.assert_arrived(bob, letter, wait=False)

    def test_delivery_reports_can_be_asked_for(self):
        bob = self.new_account()
        with self.connect() as client:
            self.assertTrue(client.has_extn("dsn"))
            client.sendmail(ALICE, bob, letters.PLAIN, ["RET=HDRS", "ENVID=QQ314159"],
                            ["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;Bob@hamburger.edu"])
        self.assert_arrived(bob, letters.PLAIN, wait=False)

    def test_each_recipient_has_an_answer_of_its_own(self):
        bob, carol = self.new_account(), self.new_account()
        with self.connect() as client:
            refused = client.sendmail(ALICE, [bob, "nobody@hamburger.edu", carol, "x@elsewhere.example"], letters.PLAIN)
        self.assertEqual({address: code for address, (code, _) in refused.items()},
                         {"nobody@hamburger.edu": 550, "x@elsewhere.example": 550})
        for address in bob, carol:
            self.assert_arrived(address, letters.PLAIN, wait=False)

    def test_everything_in_one_breath(self):
        bob = self.new_account()
        with self.connect() as client:
            client.send(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{bob}>\r\n"
                        f"RCPT TO:<nobody@hamburger.edu>\r\nDATA\r\n".encode())
            self.assertEqual([client.getreply()[0] for _ in range(4)], [250, 250, 550, 354])
            client.send(letters.PLAIN + b".\r\n" + b"RSET\r\nNOOP\r\n")
            self.assertEqual([client.getreply()[0] for _ in range(3)], [250, 250, 250])
        self.assert_arrived(bob, letters.PLAIN, wait=False)


class ToSubmission(MailTest):
    def context(self):
        context = ssl.create_default_context(cafile=self.pabal.certificate)
        context.check_hostname = False
        return context

    def connect(self):
        client = smtplib.SMTP("127.0.0.1", self.pabal.ports["submission"], timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=self.context())
        client.ehlo()
        return client

    def connect_implicit(self):
        client = smtplib.SMTP_SSL("127.0.0.1", self.pabal.ports["submissions"], context=self.context(), timeout=60)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def test_logins(self):
        for port, connect in ("starttls", self.connect), ("implicit", self.connect_implicit):
            for mechanism in "PLAIN", "LOGIN":
                with self.subTest(port=port, mechanism=mechanism), connect() as client:
                    bob, carol = self.new_account(), self.new_account()
                    client.esmtp_features["auth"] = mechanism  # it takes the first that it knows
                    client.login(bob, PASSWORD)
                    client.sendmail(bob, carol, letters.sent_by(bob, letters.PLAIN))
                    [letter] = self.pabal.letters(carol)
                    self.assertIn(b"with ESMTPSA", letter)  # RFC 3848

    def test_a_wrong_password(self):
        bob = self.new_account()
        with self.connect() as client, self.assertRaises(smtplib.SMTPAuthenticationError) as refused:
            client.login(bob, "hungry for crepes")
        self.assertEqual(refused.exception.smtp_code, 535)

    def test_nothing_without_a_login(self):
        bob = self.new_account()
        with self.connect() as client, self.assertRaises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail(bob, bob, letters.PLAIN)
        self.assertEqual(refused.exception.smtp_code, 530)

    def test_only_in_ones_own_name(self):
        bob, carol = self.new_account(), self.new_account()
        with self.connect() as client:
            client.login(bob, PASSWORD)
            with self.assertRaises(smtplib.SMTPException):
                client.sendmail(carol, bob, letters.PLAIN)
            with self.assertRaises(smtplib.SMTPException):
                client.sendmail(bob, carol, letters.PLAIN)  # From: is Alice
        self.assertEqual(self.pabal.letters(carol), [])

    def test_adds_what_a_mail_program_forgot_and_hides_bcc(self):
        bob, carol = self.new_account(), self.new_account()
        body = b"Subject: short\r\nFrom: <" + bob.encode() + b">\r\nBcc: " + carol.encode() + b"\r\n\r\nHello\r\n.\r\n"
        with self.connect_implicit() as client:
            client.login(bob, PASSWORD)
            client.sendmail(bob, [bob, carol], body)
        for address in bob, carol:
            [letter] = self.pabal.letters(address)
            header, _, text = letter.partition(b"\r\n\r\n")
            self.assertEqual(text, b"Hello\r\n.\r\n")
            self.assertNotIn(b"\nBcc:", header)
            for field in b"Date", b"Message-ID":
                self.assertEqual(header.count(b"\n" + field + b": "), 1, field)


class ToLmtp(MailTest):
    def test_a_letter_for_two_with_an_answer_each(self):
        bob, carol = self.new_account(), self.new_account()
        with smtplib.LMTP("127.0.0.1", self.pabal.ports["lmtp"]) as client:
            client.ehlo()  # as LHLO
            client.mail(ALICE)
            for address in bob, carol:
                self.assertEqual(client.rcpt(address)[0], 250)
            code, _ = client.docmd("DATA")
            self.assertEqual(code, 354)
            client.send(smtplib._quote_periods(letters.DOTS) + b".\r\n")
            self.assertEqual([client.getreply()[0] for _ in range(2)], [250, 250])
        for address in bob, carol:
            self.assert_arrived(address, letters.DOTS, wait=False)


if __name__ == "__main__":
    main()
