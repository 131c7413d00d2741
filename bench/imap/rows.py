"""The rows of the table: what is measured, how, and what a right answer is."""

import collections.abc
import dataclasses
import statistics
import subprocess
import time

from client import Load, Wrong
from private_servers import Trouble
from servers import CORPUS, MILLION, PEOPLE, WRITERS, Server

SOME = 10_000  # letters that are copied, moved, read
SCREEN = 20  # letters of a screenful
LETTERS_OF_A_PERSON = 1000


@dataclasses.dataclass
class Bed:
    """What a row measures on."""

    server: Server
    load: Load
    letters: int
    seconds: float
    facts: dict  # of the corpus

    def talk(self, user: str = CORPUS, folder: str = "INBOX"):
        return self.load.talk(user, folder)

    def cold(self) -> None:
        self.server.start_cold()

    @property
    def some(self) -> int:
        return min(SOME, self.letters)

    def same_everywhere(self, row: str, answer: dict) -> None:
        """Servers that differ in what they answer are shown under the table."""
        self.server.answers[row] = answer["digest"]


@dataclasses.dataclass(frozen=True)
class Bar:
    """`times` the better of the peers; `most`, whatever they do."""

    times: float | None = 1
    most: float | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    names: tuple[str, ...]
    measure: collections.abc.Callable[[Bed], list[float]]
    bar: Bar
    unit: str = "s"  # what ends in "/s" is better the more it is
    mode: str = "shipped"
    peers: bool = True  # whether they are measured too
    group: str = ""  # fills that only it needs

    @property
    def more_is_better(self) -> bool:
        return self.unit.endswith("/s")


ROWS: list[Row] = []


def row(*names: str, bar: Bar = Bar(), **options):
    def add(measure):
        ROWS.append(Row(names, measure, bar, **options))
        return measure
    return add


def seconds(talk, command: str, times: int = 1, **expected) -> float:
    return statistics.median(talk.say(command, **expected)["seconds"] for _ in range(times))


def fetch(*names: str, what: str, bar: Bar):
    """Rows of a FETCH of the whole folder: the first time after a start, and again."""
    @row(*names, bar=bar)
    def measure(bed: Bed) -> list[float]:
        bed.cold()
        all_of_them = {"responses": {"FETCH": bed.letters}}
        with bed.talk() as talk:
            cold = seconds(talk, f"FETCH 1:* {what}", **all_of_them)
            return [cold, seconds(talk, f"FETCH 1:* {what}", 3, **all_of_them)]
    return measure


@row("SELECT, first after a start", bar=Bar(most=0.020))
def select_first(bed: Bed) -> list[float]:
    bed.cold()
    with bed.talk(folder="") as talk:
        answer = talk.say("SELECT INBOX")
        if answer["kinds"]["EXISTS"]["last"] != bed.letters:
            raise Wrong(f"{bed.server.name}: {answer['kinds']['EXISTS']['last']} letters, not {bed.letters}")
        return [answer["seconds"]]


@row("SELECT, again")
def select_again(bed: Bed) -> list[float]:
    with bed.talk() as talk:
        return [seconds(talk, "SELECT INBOX", 9, responses={"EXISTS": 1})]


@row("FETCH 1:* (FLAGS)", bar=Bar(1.5))
def fetch_flags(bed: Bed) -> list[float]:
    with bed.talk() as talk:
        return [seconds(talk, "FETCH 1:* (FLAGS)", 3, responses={"FETCH": bed.letters})]


fetch("FETCH 1:* (UID ENVELOPE), cold", "FETCH 1:* (UID ENVELOPE), warm", what="(UID ENVELOPE)", bar=Bar(3))
fetch("FETCH 1:* BODYSTRUCTURE, cold", "FETCH 1:* BODYSTRUCTURE, warm", what="(BODYSTRUCTURE)", bar=Bar(1.5))
fetch("FETCH 1:* (UID FLAGS SIZE INTERNALDATE), cold", "FETCH 1:* (UID FLAGS SIZE INTERNALDATE), warm",
      what="(UID FLAGS RFC822.SIZE INTERNALDATE)", bar=Bar(1))


def search(name: str, bar: Bar, key, found, warm: bool = False):
    @row(name, bar=bar)
    def measure(bed: Bed) -> list[float]:
        with bed.talk() as talk:
            if warm:
                talk.say(f"UID SEARCH {key(bed.facts)}")
            answer = talk.say(f"UID SEARCH {key(bed.facts)}", numbers=found(bed.facts))
            bed.same_everywhere(name, answer)
            return [answer["seconds"]]
    return measure


search("UID SEARCH FROM", Bar(), lambda facts: f'FROM "{facts["sender"]}"', lambda facts: facts["from_sender"],
       warm=True)
search("UID SEARCH BODY word", Bar(50), lambda facts: f'BODY "{facts["rare_word"]}"',
       lambda facts: len(facts["with_rare_word"]))


def korean_key(facts: dict) -> str:
    word = facts["rare_korean"]
    return f"CHARSET UTF-8 BODY {{{len(word.encode())}+}}\\r\\n{word}"


search("UID SEARCH BODY Korean word", Bar(50), korean_key, lambda facts: len(facts["with_rare_korean"]))


@row("SORT (SUBJECT), cold", "SORT (SUBJECT), warm", "SORT (REVERSE DATE), warm", bar=Bar(1.5))
def sort(bed: Bed) -> list[float]:
    bed.cold()
    with bed.talk() as talk:
        whole = {"numbers": bed.letters}
        by_subject = talk.say("SORT (SUBJECT) UTF-8 ALL", **whole)
        bed.same_everywhere("SORT (SUBJECT)", by_subject)
        again = seconds(talk, "SORT (SUBJECT) UTF-8 ALL", 3, **whole)
        by_date = talk.say("SORT (REVERSE DATE) UTF-8 ALL", **whole)
        bed.same_everywhere("SORT (REVERSE DATE)", by_date)
        return [by_subject["seconds"], again, seconds(talk, "SORT (REVERSE DATE) UTF-8 ALL", 3, **whole)]


@row("THREAD REFERENCES, cold", "THREAD REFERENCES, warm", bar=Bar(1.5))
def thread(bed: Bed) -> list[float]:
    bed.cold()
    with bed.talk() as talk:
        first = talk.say("THREAD REFERENCES UTF-8 ALL", numbers=bed.letters)
        bed.same_everywhere("THREAD REFERENCES", first)
        return [first["seconds"], seconds(talk, "THREAD REFERENCES UTF-8 ALL", 3, numbers=bed.letters)]


@row("STORE 1:* +FLAGS (\\Seen)", "STORE 1:* -FLAGS.SILENT (\\Seen)", bar=Bar(1.5))
def store(bed: Bed) -> list[float]:
    with bed.talk() as talk:
        talk.say("STORE 1:* -FLAGS.SILENT (\\Seen)")
        set_all = seconds(talk, "STORE 1:* +FLAGS (\\Seen)", responses={"FETCH": bed.letters})
        talk.say("SEARCH UNSEEN", numbers=0)
        cleared = seconds(talk, "STORE 1:* -FLAGS.SILENT (\\Seen)", responses={"FETCH": 0})
        talk.say("SEARCH SEEN", numbers=0)
        return [set_all, cleared]


def must_hold(bed: Bed, talk, folder: str, letters: int) -> None:
    answer = talk.say(f"EXAMINE {folder}")
    if answer["kinds"]["EXISTS"]["last"] != letters:
        raise Wrong(f"{bed.server.name}: {folder} has {answer['kinds']['EXISTS']['last']:,} letters, not {letters:,}")


@row("COPY of 10,000", "MOVE of 10,000", bar=Bar(1.5))
def copy_and_move(bed: Bed) -> list[float]:
    with bed.talk() as talk:
        for folder in "Copies", "Moved":
            talk.try_to(f"DELETE {folder}")
            talk.say(f"CREATE {folder}")
        talk.say("SELECT INBOX")
        copied = seconds(talk, f"COPY 1:{bed.some} Copies")
        must_hold(bed, talk, "Copies", bed.some)
        talk.say("SELECT Copies")
        answer = talk.say(f"MOVE 1:{bed.some} Moved", responses={"EXPUNGE": bed.some})
        must_hold(bed, talk, "Copies", 0)
        must_hold(bed, talk, "Moved", bed.some)
        talk.say("CLOSE")
        for folder in "Copies", "Moved":
            talk.say(f"DELETE {folder}")
        return [copied, answer["seconds"]]


def writers_folder(bed: Bed, user: str, folder: str, wanted: bool) -> None:
    with bed.talk(user, "") as talk:
        talk.try_to(f"DELETE {folder}")
        if wanted:
            talk.say(f"CREATE {folder}")


def append(name: str, clients: int, users: int, bar: Bar):
    @row(name, bar=bar, unit="letters/s")
    def measure(bed: Bed) -> list[float]:
        owners = [f"w{i}" for i in range(users)] if users > 1 else ["w"]
        for each in owners:
            writers_folder(bed, each, "Arrivals", True)
        done = bed.load.run("append", user="w", users=users, clients=clients, folder="Arrivals", seconds=bed.seconds,
                            salt=clients + users, first=1_000_000)
        arrived = 0
        for each in owners:
            with bed.talk(each, "") as talk:
                arrived += talk.say("EXAMINE Arrivals")["kinds"]["EXISTS"]["last"]
            writers_folder(bed, each, "Arrivals", False)
        if arrived != done["letters"]:
            raise Wrong(f"{bed.server.name}: {done['letters']:,} letters were accepted, {arrived:,} are there")
        return [done["letters"] / done["seconds"]]
    return measure


append("APPEND, 1 client", 1, 1, Bar())
append("APPEND, 10 clients, one folder", 10, 1, Bar(3))
append("APPEND, 10 clients, 10 users", 10, WRITERS, Bar(3))


BATCH = 1000  # letters of one MULTIAPPEND


@row("MULTIAPPEND of 10,000", unit="letters/s")
def multiappend(bed: Bed) -> list[float]:
    writers_folder(bed, "w", "Arrivals", True)
    done = bed.load.run("fill", user="w", folder="Arrivals", letters=bed.some, count=bed.some, batch=BATCH, salt=77)
    with bed.talk("w", "") as talk:
        must_hold(bed, talk, "Arrivals", bed.some)
    writers_folder(bed, "w", "Arrivals", False)
    return [done["letters"] / done["seconds"]]


def fill_writers_folder(bed: Bed) -> None:
    writers_folder(bed, "w", "Arrivals", True)
    bed.load.run("fill", user="w", folder="Arrivals", letters=bed.letters, count=bed.letters, batch=BATCH)


@row("UID SEARCH BODY word, right after they came", mode="filling")
def search_what_came(bed: Bed) -> list[float]:
    fill_writers_folder(bed)
    with bed.talk("w", "Arrivals") as talk:
        answer = talk.say(f'UID SEARCH BODY "{bed.facts["rare_word"]}"', numbers=len(bed.facts["with_rare_word"]))
    writers_folder(bed, "w", "Arrivals", False)
    return [answer["seconds"]]


@row("from the last APPEND until they are indexed", bar=Bar(None, 10), mode="filling", peers=False)
def index_what_came(bed: Bed) -> list[float]:
    fill_writers_folder(bed)
    waited = bed.server.wait_until_indexed()
    writers_folder(bed, "w", "Arrivals", False)
    return [waited]


@row("BODY.PEEK[] of 10,000, one command", unit="MB/s")
def bodies(bed: Bed) -> list[float]:
    with bed.talk() as talk:
        took = seconds(talk, f"FETCH 1:{bed.some} BODY.PEEK[]", 3, responses={"FETCH": bed.some},
                       literal_bytes=bed.facts["bytes"])
        return [bed.facts["bytes"] / 1e6 / took]


@row("BODY.PEEK[] of 10,000, 10,000 commands", unit="/s")
def bodies_one_by_one(bed: Bed) -> list[float]:
    with bed.talk() as talk:
        took = seconds(talk, f"!each 1 {bed.some} FETCH # BODY.PEEK[]", responses={"FETCH": bed.some},
                       literal_bytes=bed.facts["bytes"])
        return [bed.some / took]


def mix(name: str, clients: int):
    @row(name, unit="commands/s", mode="pooled", group="people")
    def measure(bed: Bed) -> list[float]:
        options = {"user": "u", "users": PEOPLE, "clients": clients, "letters": bed.load.people_letters}
        bed.load.run("mix", seconds=bed.seconds / 4, salt=5, **options)
        done = bed.load.run("mix", seconds=bed.seconds, salt=6, **options)
        return [done["commands"] / done["seconds"]]
    return measure


mix("random commands with logins, 20 clients", 20)
mix("random commands with logins, 100 clients", 100)


def logins(name: str, tls: bool):
    @row(name, unit="logins/s", mode="pooled", bar=Bar(3), group="people")
    def measure(bed: Bed) -> list[float]:
        options = {"user": "u", "users": PEOPLE, "clients": 20, "tls": tls}
        bed.load.run("logins", seconds=bed.seconds / 4, **options)
        done = bed.load.run("logins", seconds=bed.seconds, **options)
        return [done["logins"] / done["seconds"]]
    return measure


logins("logins, plain", False)
logins("logins, TLS", True)

SETTLING = 5  # seconds until a server has put those to sleep that say nothing


def idle(name: str, clients: int, tls: bool, most: float):
    @row(name, unit="KiB", mode="idle", bar=Bar(None, most), group="people")
    def measure(bed: Bed) -> list[float]:
        bed.server.stop()
        bed.server.start()
        bed.load.run("logins", user="u", users=PEOPLE, clients=PEOPLE, seconds=1, tls=tls)
        time.sleep(1)
        before = bed.server.memory_kib()
        command = bed.load.command("idle", tls, user="u", users=PEOPLE, clients=clients)
        waiting = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            if not waiting.stdout.readline():
                raise Trouble(f"{bed.server.name}, {name}: {waiting.stderr.read().strip()}")
            time.sleep(SETTLING)
            after = bed.server.memory_kib()
            _, trouble = waiting.communicate("\n")
            if waiting.returncode != 0:
                raise Wrong(f"{bed.server.name}, {name}: {trouble.strip()}")
        finally:
            waiting.kill()
            waiting.wait()
        return [(after - before) / clients]
    return measure


idle("memory of an idle connection, 2,000 plain", 2_000, False, 6)
idle("memory of an idle connection, 2,000 TLS", 2_000, True, 25)
idle("memory of an idle connection, 10,000 plain", 10_000, False, 6)
idle("memory of an idle connection, 10,000 TLS", 10_000, True, 25)

REPEATED = 25


def million(name: str):
    def add(measure):
        @row(name, unit="times", bar=Bar(None, 2), peers=False, group="million")
        def compare(bed: Bed) -> list[float]:
            times = []
            with bed.talk(MILLION, "Small") as small, bed.talk(MILLION, "INBOX") as large:
                for attempt in range(REPEATED):  # by turns, so that what else happens strikes both
                    times.append((measure(large, "INBOX", bed.load.million, attempt),
                                  measure(small, "Small", SOME, attempt)))
            return [statistics.median(one for one, _ in times) / statistics.median(other for _, other in times)]
        return compare
    return add


@million("a million letters: SELECT")
def million_select(talk, folder: str, letters: int, attempt: int) -> float:
    return talk.say(f"SELECT {folder}")["seconds"]


@million("a million letters: a screenful")
def million_screen(talk, folder: str, letters: int, attempt: int) -> float:
    last = letters - attempt * letters // (2 * REPEATED)
    return seconds(talk, f"FETCH {last - SCREEN + 1}:{last} (UID FLAGS ENVELOPE)", responses={"FETCH": SCREEN})


@million("a million letters: a flag changes")
def million_flag(talk, folder: str, letters: int, attempt: int) -> float:
    which = letters - attempt * letters // (2 * REPEATED)
    return seconds(talk, f"STORE {which} {'+-'[attempt % 2]}FLAGS (\\Flagged)")


@million("a million letters: a letter arrives")
def million_arrival(talk, folder: str, letters: int, attempt: int) -> float:
    text = f"Subject: arrival {attempt}\\r\\n\\r\\nHello.\\r\\n"
    size = len(text.replace("\\r\\n", "12"))
    return talk.say(f"APPEND {folder} {{{size}+}}\\r\\n{text}", responses={"EXISTS": 1})["seconds"]
