"""mbsync (isync): two devices keep Maildirs in step with the server, both ways, while somebody else changes it too."""

import re
import subprocess

import letters
from imap_support import ImapTest, said
from support import PASSWORD, main, needs

FLAGS = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered", "D": "\\Draft", "T": "\\Deleted"}


class Device:
    """A Maildir for each folder, as a mail program without a network would change it."""

    def __init__(self, test, name, tls):
        self.test = test
        self.root = test.directory / name
        self.root.mkdir()
        server = test.server
        port, kind = (server.ports["imaps"], "IMAPS") if tls else (server.ports["imap"], "STARTTLS")
        (self.root / "mbsyncrc").write_text(f"""
IMAPAccount server
Host {test.host}
Port {port}
User {test.bob}
Pass "{PASSWORD}"
SSLType {kind}
CertificateFile {server.certificate}
AuthMechs LOGIN

IMAPStore far
Account server

MaildirStore near
Path {self.root}/mail/
Inbox {self.root}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")
        (self.root / "mail").mkdir()
        # The certificate is for a name, which no DNS knows.
        (self.root / "hosts").write_text(f"127.0.0.1 {test.host}\n")
        self.environment = {"HOME": str(self.root), "PATH": "/usr/bin:/bin", "LD_PRELOAD": "libnss_wrapper.so",
                            "NSS_WRAPPER_HOSTS": str(self.root / "hosts")}

    def sync(self):
        done = subprocess.run(["mbsync", "--config", self.root / "mbsyncrc", "--all"], capture_output=True, timeout=120,
                              env=self.environment)
        self.test.assertEqual(done.returncode, 0, done.stderr.decode() + done.stdout.decode())

    def files(self, folder):
        return [file for where in ("new", "cur") for file in (self.root / "mail" / folder / where).iterdir()]

    def find(self, folder, letter):
        [found] = [file for file in self.files(folder) if plain(file.read_bytes()) == plain(letter)]
        return found

    def state(self):
        return {folder: in_any_order((local_flags(file), file.read_bytes()) for file in self.files(folder))
                for folder in self.folders()}

    def folders(self):
        mail = self.root / "mail"
        return sorted(str(cur.parent.relative_to(mail)) for cur in mail.glob("**/cur"))

    def set_flags(self, folder, letter, flags):
        file = self.find(folder, letter)
        file.rename(file.parent.parent / "cur" / (file.name.split(":")[0] + ":2," + flags))

    def remove(self, folder, letter):
        self.find(folder, letter).unlink()

    def add(self, folder, letter, name):
        for where in "cur", "new", "tmp":
            (self.root / "mail" / folder / where).mkdir(parents=True, exist_ok=True)
        (self.root / "mail" / folder / "cur" / f"{name}:2,S").write_bytes(letter.replace(b"\r\n", b"\n"))


def plain(letter):
    """Maildirs have the line ends of this system; mbsync marks what it brings up with a line of its own."""
    return re.sub(rb"^X-TUID: .*\n", b"", letter.replace(b"\r\n", b"\n"), flags=re.MULTILINE)


def local_flags(file):
    return frozenset(FLAGS[each] for each in file.name.partition(":2,")[2] if each in FLAGS)


def in_any_order(rows):
    return sorted((sorted(flags), plain(letter)) for flags, letter in rows)


@needs("mbsync")
class Mbsync(ImapTest):
    def far(self):
        return {folder: in_any_order(self.state(folder).values()) for folder in self.folders()}

    def assert_in_step(self, *devices):
        far = self.far()
        for device in devices:
            near = device.state()
            self.assertEqual(sorted(near), sorted(far))
            for folder in far:
                self.assertEqual(near[folder], far[folder], folder)

    def test_two_devices_and_somebody_else(self):
        everything = list(letters.ALL.values())
        for letter in everything:
            self.put("INBOX", letter)
        self.put("Projects/2026", letters.PLAIN, "(\\Seen \\Flagged)")
        desk, phone = Device(self, "desk", tls=True), Device(self, "phone", tls=False)
        desk.sync()
        self.assert_in_step(desk)

        desk.set_flags("INBOX", letters.PLAIN, "FRS")
        desk.remove("INBOX", letters.DOTS)
        desk.add("INBOX", letters.make("from the desk", b"Hello.\r\n"), "1.desk")
        desk.add("Ideas", letters.make("a draft", b"Dear Alice,\r\n"), "2.desk")
        other = self.client(folder="INBOX")
        said(other.uid("STORE", "3", "+FLAGS", "(\\Flagged)"))
        said(other.uid("STORE", "4", "+FLAGS", "(\\Deleted)"))
        said(other.expunge())
        self.put("INBOX", letters.make("arrived meanwhile", b"News.\r\n"))
        desk.sync()
        self.assert_in_step(desk)
        self.assertEqual(len(self.state("INBOX")), len(everything))  # two went, two came

        phone.sync()
        self.assert_in_step(desk, phone)
        phone.remove("INBOX", letters.PLAIN)
        phone.set_flags("INBOX", letters.UTF8, "S")
        desk.set_flags("INBOX", letters.LATIN1, "F")
        desk.remove("Projects/2026", letters.PLAIN)
        for device in phone, desk, phone:
            device.sync()
        self.assert_in_step(desk, phone)
        self.assertEqual(self.state("Projects/2026"), {})

        desk.remove("Ideas", letters.make("a draft", b"Dear Alice,\r\n"))  # it removes no folder that is not empty
        for device in desk, phone:
            device.sync()
        said(self.client().delete("Ideas"))
        for device in desk, phone:
            device.sync()
        self.assertNotIn("Ideas", desk.folders() + phone.folders())
        self.assert_in_step(desk, phone)

    def test_a_thousand_letters(self):
        session = self.client()
        for i in range(1000):
            said(session.append("INBOX", "", None, letters.make(f"number {i}", b"x" * 500 + b"\r\n")))
        desk = Device(self, "desk", tls=True)
        desk.sync()
        self.assert_in_step(desk)
        said(session.select())
        said(session.store("1:500", "+FLAGS.SILENT", "(\\Deleted)"))
        said(session.store("501:600", "+FLAGS.SILENT", "(\\Seen)"))
        said(session.expunge())
        desk.sync()
        self.assert_in_step(desk)


if __name__ == "__main__":
    main()
