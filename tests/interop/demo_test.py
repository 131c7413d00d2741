"""The demo: a letter from Alice's server to Bob's over a real wire, and its journey on both sides."""

import json
import pathlib
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import unittest

from pabal_server import PATIENCE, PROGRAM, wait_until
from support import main


def is_free(address, port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


# The demo's addresses are always the same, for people.
@unittest.skipUnless(all(is_free(address, 2525) for address in ("127.0.0.2", "127.0.0.3")), "another demo runs")
class Demo(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="pabal-demo-")
        self.addCleanup(directory.cleanup)
        self.demo = subprocess.Popen([PROGRAM, "--data", directory.name, "--json", "demo"], stdout=subprocess.PIPE)
        self.addCleanup(self.demo.stdout.close)
        self.addCleanup(self.demo.kill)
        self.towns = json.loads(self.demo.stdout.readline())["domains"]

    def ask(self, town, *command):
        done = subprocess.run([PROGRAM, "--config", self.towns[town]["config"], "--json", *command], capture_output=True,
                              timeout=PATIENCE, check=True)
        return json.loads(done.stdout)

    def test_a_letter_crosses(self):
        crepes, hamburger = self.towns["crepes.fr"], self.towns["hamburger.edu"]
        self.assertEqual(hamburger["accounts"]["bob@hamburger.edu"], "hungry")
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP(crepes["address"], crepes["ports"]["submission"], timeout=PATIENCE) as alice:
            alice.starttls(context=anybody)
            alice.login("alice@crepes.fr", crepes["accounts"]["alice@crepes.fr"])
            alice.sendmail("alice@crepes.fr", ["bob@hamburger.edu"], "Subject: lunch\r\n\r\nDo you like ketchup?\r\n")
        [letter] = wait_until("Bob's letter", lambda: self.ask("hamburger.edu", "letter", "list", "bob@hamburger.edu"))
        self.assertEqual((letter["sender"], letter["subject"]), ("<alice@crepes.fr>", "lunch"))
        for town, who, outcome in ("crepes.fr", "--sender", "relayed"), ("hamburger.edu", "--sender", "delivered"):
            [journey] = wait_until(f"the journey at {town}", lambda: [
                each for each in self.ask(town, "journey", "find", who, "alice@crepes.fr") if each["outcome"] == outcome])
            self.assertTrue(self.ask(town, "journey", "show", journey["id"]))

    def test_stops_cleanly(self):
        self.demo.send_signal(signal.SIGTERM)
        self.assertEqual(self.demo.wait(PATIENCE), 0)
        self.assertFalse(pathlib.Path(self.towns["crepes.fr"]["admin_socket"]).exists())


if __name__ == "__main__":
    main()
