"""Dovecot as a client (imapc): an account moves to it by `doveadm backup`, and what changes meanwhile follows."""

import unittest

import letters
import peers
from imap_support import ImapTest, said
from support import PASSWORD, main


@unittest.skipUnless(peers.Dovecot.is_usable(), "Dovecot can't be put beside us here")
class Moving(ImapTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dovecot = cls.start(peers.Dovecot(PASSWORD))

    def bring(self, user):
        """All of Bob's mail at our server to this user of Dovecot's; what he has there is made the same."""
        self.dovecot.doveadm("backup", "-R", "-u", user, "imapc:", settings={
            "imapc_host": "127.0.0.1", "imapc_port": self.server.ports["imaps"], "imapc_ssl": "imaps",
            "imapc_ssl_verify": "no", "imapc_user": self.bob, "imapc_password": PASSWORD,
            "imapc_features": "rfc822.size fetch-headers", "mail_prefetch_count": 20})

    def there(self, user, folder):
        """UID to (flags, letter) in Dovecot's copy."""
        mine, self.server = self.server, self.dovecot
        try:
            return self.state(folder, user)
        finally:
            self.server = mine

    def test_an_account_moves_and_changes_follow(self):
        for letter in letters.ALL.values():
            self.put("INBOX", letter)
        self.put("Projects/2026", letters.UTF8, "(\\Seen \\Flagged kept)")
        user = self.dovecot.add_account(PASSWORD)
        self.bring(user)
        for folder in "INBOX", "Projects/2026":
            self.assertEqual(self.there(user, folder), self.state(folder), folder)

        other = self.client(folder="INBOX")
        said(other.store("2", "+FLAGS", "(\\Deleted)"))
        said(other.expunge())
        said(other.store("1", "+FLAGS", "(\\Answered)"))
        self.put("INBOX", letters.make("one more", b"Hello.\r\n"))
        self.bring(user)
        self.assertEqual(self.there(user, "INBOX"), self.state("INBOX"))


if __name__ == "__main__":
    main()
