"""Peers that are down, busy, strict, confused or rude: what becomes of the letter, and what its journey says."""

import pathlib
import shutil
import tempfile

import letters
from pabal_server import Pabal, wait_until
from peers import free_port, make_certificate
from sink import HANG_UP, SILENCE, Sink
from support import OutboundTest, main

GARBAGE = bytes(range(128, 256)) * 8 + b"\r\n"
OFFERS_TLS = "250-sink.example\r\n250 STARTTLS"

# What the host of each domain does, one connection after the other.
HOSTS = {
    "busy.example": [
        {"connect": "421 4.3.2 Too busy"},
        {"MAIL": ["451 4.3.0 Out of space"], "RCPT": ["450 4.7.1 Greylisted"], "DATA": ["451 4.3.0 Not now"],
         ".": ["452 4.3.1 Disk full"]}],
    "strict.example": [{"RCPT": lambda line: "550 5.1.1 Who is that?" if b"<two@" in line else "250 2.1.5 Ok"}],
    "unwilling.example": [{".": "554 5.7.1 We do not want this letter"}],
    "rude.example": [{"connect": HANG_UP}, {"EHLO": HANG_UP}, {"MAIL": HANG_UP}, {"RCPT": b"25"}, {"DATA": HANG_UP}],
    "garbled.example": [{"connect": GARBAGE}, {"EHLO": GARBAGE}, {"MAIL": GARBAGE}, {"RCPT": GARBAGE}],
    "forgetful.example": [{".": HANG_UP}],
    "broken-tls.example": [{"EHLO": OFFERS_TLS, "STARTTLS": b"220 2.0.0 Go on\r\n" + GARBAGE}],
    "self-signed.example": [{"EHLO": OFFERS_TLS}],
    "picky.example": [{"EHLO": OFFERS_TLS}] * 100,
}


# The same for hosts that fall silent, which takes the time that they are given.
SILENT_HOSTS = {
    "mute.example": [{"connect": SILENCE}, {"EHLO": SILENCE}, {"MAIL": SILENCE}, {"RCPT": SILENCE}, {"DATA": SILENCE}],
    "absent-minded.example": [{".": SILENCE}],
}


class TroubleTest(OutboundTest):
    @classmethod
    def start_sinks(cls, hosts, port):
        """Returns what the DNS says of them."""
        zone, cls.sinks = "", {}
        directory = pathlib.Path(tempfile.mkdtemp(prefix="pabal-peer-"))
        cls.addClassCleanup(shutil.rmtree, directory)
        certificate = make_certificate(directory, "sink.example")
        for number, (domain, scripts) in enumerate(hosts.items(), 10):
            cls.sinks[domain] = cls.start(Sink((f"127.0.0.{number}", port), *scripts, certificate=certificate))
            zone += f"{domain}. MX 10 mx.{domain}.\nmx.{domain}. A 127.0.0.{number}\n"
        return zone

    def journey_of(self, domain, *words, to=("one",), nudge=True):
        """Hands a letter in, and waits until its journey says all that. Returns the letter as it should arrive."""
        sent = self.hand_in([f"{each}@{domain}" for each in to], letters.make(domain, b"Hello\r\n"))
        find = ["journey", "find", "--message-id", domain.replace(".", "-") + "@crepes.fr"]
        [journey] = wait_until("the letter is known", lambda: self.pabal.json(*find))
        told = ""

        def says_it_all():
            nonlocal told
            if nudge:
                self.pabal.run("queue", "retry", "all", "--domain", domain)
            told = self.pabal.run("journey", "show", journey["id"]).decode()
            return all(each in told for each in words)
        try:
            wait_until("the journey says it", says_it_all)
        except AssertionError:
            end = "\n".join(told.splitlines()[-60:])
            self.fail(f"{[each for each in words if each not in told]} is not in the journey, which ends:\n{end}")
        return sent

    def assert_taken(self, domain, sent, *recipients):
        got = self.sinks[domain].letters
        self.assertEqual([address for address, _ in got], [f"{each}@{domain}" for each in recipients])
        self.assert_same([letter for _, letter in got], [sent] * len(recipients))


class Outage(TroubleTest):
    @classmethod
    def make_server(cls):
        port = free_port()
        zone = cls.start_sinks(HOSTS, port)
        cls.down_at = ("127.0.0.9", port)
        zone += f"down.example. A {cls.down_at[0]}\n$FAIL lost.example.\nnull.example. MX 0 .\n"
        return Pabal(f"""
[queue]
port = {port}
first_retry = "1s"
longest_retry = "2s"
[[route]]
domain = "picky.example"
host = "mx.picky.example"
port = {port}
tls = "required"
""", zone)

    def test_busy(self):
        sent = self.journey_of("busy.example", "421 4.3.2 Too busy", "put off the sender: 451 4.3.0 Out of space",
                               "put off the recipient: 450 4.7.1 Greylisted", "451 4.3.0 Not now",
                               "452 4.3.1 Disk full", "took the letter for one@busy.example", nudge=False)
        self.assert_taken("busy.example", sent, "one")

    def test_strict(self):
        sent = self.journey_of("strict.example", "took the letter for one@strict.example and three@strict.example",
                               "will not reach two@strict.example", "refused the recipient: 550 5.1.1 Who is that?",
                               "The report is the journey", to=("one", "two", "three"))
        self.assert_taken("strict.example", sent, "one", "three")

    def test_unwilling(self):
        self.journey_of("unwilling.example", "refused the letter: 554 5.7.1 We do not want this letter",
                        "The report is the journey")

    def test_rude(self):
        sent = self.journey_of("rude.example", "ended before it greeted us: the peer closed the connection",
                               "took the letter for one@")
        self.assert_taken("rude.example", sent, "one")
        self.assertEqual(self.sinks["rude.example"].connections, len(HOSTS["rude.example"]) + 1)

    def test_garbled(self):
        sent = self.journey_of("garbled.example", "is not a reply", "took the letter for one@")
        self.assert_taken("garbled.example", sent, "one")

    def test_forgetful(self):
        sent = self.journey_of("forgetful.example", "got the whole letter, but its answer is lost", "may arrive twice",
                               "took the letter for one@")
        self.assert_taken("forgetful.example", sent, "one")

    def test_broken_tls(self):
        sent = self.journey_of("broken-tls.example", "took the letter for one@")
        self.assert_taken("broken-tls.example", sent, "one")

    def test_a_certificate_that_nobody_vouches_for(self):
        sent = self.journey_of("self-signed.example", "Nobody vouches for its certificate", "took the letter for one@")
        self.assert_taken("self-signed.example", sent, "one")

    def test_a_certificate_that_should_be_vouched_for(self):
        self.journey_of("picky.example", "did not get through", "certificate", nudge=False)
        self.assertEqual(self.sinks["picky.example"].letters, [])

    def test_down_and_up_again(self):
        sent = self.journey_of("down.example", "could not be connected to: Connection refused")
        sink = self.sinks["down.example"] = self.start(Sink(self.down_at))
        self.pabal.run("queue", "retry", "all", "--domain", "down.example")
        wait_until("the letter is there", lambda: sink.letters)
        self.assert_taken("down.example", sent, "one")

    def test_dns(self):
        self.journey_of("lost.example", "The DNS does not answer for lost.example now", "The next try is at")
        self.journey_of("null.example", "takes no mail: it says so in the DNS", "The report is the journey")
        self.journey_of("unknown.example", "does not exist", "The report is the journey")


class Silence(TroubleTest):
    @classmethod
    def make_server(cls):
        port = free_port()
        zone = cls.start_sinks(SILENT_HOSTS, port)
        return Pabal(f"""
[queue]
port = {port}
first_retry = "1s"
longest_retry = "2s"
[queue.timeout]
greeting = "3s"
command = "3s"
data_start = "3s"
data_end = "3s"
""", zone)

    def test_before_the_letter(self):
        sent = self.journey_of("mute.example", "ended before it greeted us: it did not answer in time",
                               "ended after our greeting: it did not answer in time",
                               "ended before it took the letter's envelope: it did not answer in time",
                               "ended before it took the letter: it did not answer in time",
                               "took the letter for one@")
        self.assert_taken("mute.example", sent, "one")

    def test_after_the_letter(self):
        sent = self.journey_of("absent-minded.example",
                               "got the whole letter, but its answer is lost (it did not answer in time)",
                               "may arrive twice", "took the letter for one@")
        self.assert_taken("absent-minded.example", sent, "one")


if __name__ == "__main__":
    main()
