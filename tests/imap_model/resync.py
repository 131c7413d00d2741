"""A client goes away, thousands of things change, it comes back, and is told the difference, the whole of it and no
more (RFC 7162: CONDSTORE, QRESYNC)."""

import random

from session import Fault, Refused, Session, numbers, sequence_set

LETTERS = 2_000
APPEND_AT_ONCE = 250


def letters(first, count):
    return [f"From: a@example.org\r\nSubject: {i}\r\n\r\n{i}\r\n".encode() for i in range(first, first + count)]


def append_all(session, bodies):
    for begin in range(0, len(bodies), APPEND_AT_ONCE):
        batch = bodies[begin:begin + APPEND_AT_ONCE]
        # MULTIAPPEND (RFC 3502): the last letter is the literal that command() adds.
        head = b"".join(b" {%d+}\r\n%s" % (len(body), body) for body in batch[:-1])
        session.command("APPEND INBOX" + head.decode(), batch[-1])


def change(session, dice, changes):
    """Flags by runs and one by one, letters that go and come, some that come and go; counted by letters."""
    done = 0
    while done < changes:
        uids = session.view.uids()
        first = dice.randrange(len(uids))
        run = uids[first:first + dice.choice([1, 1, 10, 100])]
        what = dice.random()
        if what < 0.80:
            flags = dice.choice(["\\Seen", "\\Flagged", "kept", "\\Answered"])
            session.command(f"UID STORE {sequence_set(run)} {dice.choice('+-')}FLAGS ({flags})")
        elif what < 0.90 and len(uids) > LETTERS // 2:
            session.command(f"UID STORE {sequence_set(run)} +FLAGS (\\Deleted)")
            session.command(f"UID EXPUNGE {sequence_set(run)}")
        else:
            append_all(session, letters(1_000_000 + done, len(run)))
            session.learn()
        done += len(run)


def prove_resync(port, user, password, changes, seed):
    try:
        _prove(port, user, password, changes, random.Random(seed))
    except (Fault, Refused) as fault:
        return [f"coming back after {changes:,} changes: {fault}"]
    return []


def _prove(port, user, password, changes, dice):
    away = Session(port, user, password, qresync=True)
    append_all(away, letters(0, LETTERS))
    away.select("INBOX")
    before = {row.uid: row for row in away.view.rows}
    away.command("SELECT INBOX")
    validity, modseq = away.codes["UIDVALIDITY"][0], int(away.codes["HIGHESTMODSEQ"][0])
    away.close()

    other = Session(port, user, password, qresync=True)
    other.select("INBOX")
    change(other, dice, changes)

    fresh = Session(port, user, password, qresync=True)
    fresh.command("SELECT INBOX")
    fresh_modseq = fresh.codes["HIGHESTMODSEQ"]
    fresh.learn()
    after = {row.uid: row for row in fresh.view.rows}
    changed = {uid for uid, row in after.items() if row.modseq > modseq}
    wrong = {uid for uid in changed if uid in before and before[uid].modseq == after[uid].modseq}
    if wrong:
        raise Fault(f"modification sequences that contradict each other: {sorted(wrong)}")
    silent = {uid for uid, row in after.items() if uid in before and row.flags != before[uid].flags} - changed
    if silent:
        raise Fault(f"flags changed without a new modification sequence: {sorted(silent)}")
    gone = set(before) - set(after)

    # With the UIDs that the client knows, the server need not speak of others (RFC 7162 §3.2.5.1).
    for known in None, set(before):
        back = Session(port, user, password, qresync=True)
        asked = f"{validity} {modseq} {sequence_set(known)}" if known else f"{validity} {modseq}"
        back.command(f"SELECT INBOX (QRESYNC ({asked}))")
        told = {uid for uid, _ in back.fetched}
        must_be("FETCH tells of", told | (changed - known if known else set()), changed)
        must_be("VANISHED tells of", set(back.vanished) & set(before), gone)
        if back.codes["HIGHESTMODSEQ"] != fresh_modseq:
            raise Fault(f"HIGHESTMODSEQ is {back.codes['HIGHESTMODSEQ']}, not {fresh_modseq}")
        for uid, items in back.fetched:
            flags, now = frozenset(items["FLAGS"]) - {"\\Recent"}, int(items["MODSEQ"][0])
            if (flags, now) != (after[uid].flags, after[uid].modseq):
                raise Fault(f"FETCH says {items}, but it is {after[uid]}")

    back.command(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq} VANISHED)")
    must_be("CHANGEDSINCE tells of", {uid for uid, _ in back.fetched}, changed)
    must_be("VANISHED there tells of", set(back.vanished) & set(before), gone)
    back.command(f"UID SEARCH MODSEQ {modseq + 1}")
    must_be("SEARCH MODSEQ finds", set(back.found), changed)
    _prove_conditional_store(back, modseq, changed, sorted(set(after) - changed))
    print(f"came back after {changes:,} changes: {len(changed):,} letters changed, {len(gone):,} went")


def _prove_conditional_store(session, modseq, changed, untouched):
    """UNCHANGEDSINCE (RFC 7162 §3.1.3) changes only what nobody changed since."""
    some = sorted(changed)[:3] + untouched[:3]
    session.command(f"UID STORE {sequence_set(some)} (UNCHANGEDSINCE {modseq}) +FLAGS (conditional)")
    left = session.codes.get("MODIFIED", [""])[0]
    session.command("UID SEARCH KEYWORD conditional")
    must_be("a conditional STORE changes", set(session.found), set(untouched[:3]))
    must_be("a conditional STORE says that it left", set(numbers(left)) if left else set(), set(sorted(changed)[:3]))


def must_be(what, got, want):
    if got != want:
        raise Fault(f"{what} {len(got):,} letters, not {len(want):,}; too many: {sorted(got - want)[:20]}, "
                    f"missing: {sorted(want - got)[:20]}")
