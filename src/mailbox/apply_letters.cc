// Changes of letters: they come, are marked, go, and are copied.
#include <algorithm>

#include "mailbox/apply.h"

namespace pabal::mailbox {

namespace {

// A batch holds 10,000 operations, of which a letter takes up to eighteen with its token, journey and thread.
constexpr std::size_t kMaxLettersInBatch = 500;

// What a range of UIDs takes in the log at most.
constexpr std::size_t kRangeBytes = 10;

std::unexpected<Error> too_many_rows() {
  return fail(ErrorKind::kOverLimit, "more than {} letters can't be changed at once; take fewer at a time",
              kMaxRowsInCommit);
}

std::unexpected<Error> letter_too_large() {
  return fail(ErrorKind::kOverLimit, "a letter may have {} bytes", kMaxLetterBytes);
}
std::unexpected<Error> mailbox_is_full() { return fail(ErrorKind::kOverLimit, "the mailbox is full"); }
std::unexpected<Error> no_uids_left() { return fail(ErrorKind::kOverLimit, "the folder has no more UIDs"); }

bool uids_are_left(const Folder& folder, std::size_t count) {
  return count <= UINT32_MAX - folder.uid_next.value();
}

// The folder's keywords with those that the letters bring.
Result<std::vector<Flags>> flags_of(std::span<const Arrival> letters, KeywordTable& keywords) {
  std::vector<Flags> flags;
  flags.reserve(letters.size());
  for (const Arrival& letter : letters) {
    PABAL_TRY(const Flags own, keywords.find_or_add(letter.flags));
    flags.push_back(own);
  }
  return flags;
}

// `freed`: what goes in the same change.
Result<AppendedAll> append(Draft& draft, std::span<const Arrival> letters, const Folder& folder,
                           std::uint64_t freed = 0) {
  std::uint64_t bytes = 0;
  for (const Arrival& letter : letters) {
    if (letter.letter.size_bytes() > kMaxLetterBytes) return letter_too_large();
    bytes += letter.letter.size_bytes();
  }
  if (!letters.front().quota.admits(draft.counters().used_bytes - freed, bytes)) return mailbox_is_full();
  KeywordTable keywords = folder.keywords;
  PABAL_TRY(const std::vector<Flags> flags, flags_of(letters, keywords));

  AppendedAll reply{.uid_validity = folder.uid_validity, .placed = {}, .mod_seq = {}};
  const bool new_keywords = keywords != folder.keywords;
  LetterId id = draft.counters().last_letter;
  Uid uid = draft.bring(folder, letters, flags);
  if (new_keywords) draft.set_keywords(letters.front().folder, std::move(keywords));
  for (std::size_t i = 0; i < letters.size(); ++i) {
    id = LetterId(id.value() + 1);
    reply.placed.push_back({.letter = id, .uid = uid, .uid_validity = reply.uid_validity});
    uid = Uid(uid.value() + 1);
  }
  reply.mod_seq = draft.mod_seq();
  return reply;
}

// From the bits of one folder's keywords to those of another's.
class KeywordMap {
 public:
  static Result<KeywordMap> make(const KeywordTable& from, KeywordTable& to, Flags used) {
    KeywordMap map;
    for (std::size_t i = 0; i < from.names().size(); ++i) {
      const Flags bit(std::uint64_t{1} << (kSystemFlags + i));
      if (!has(used, bit)) continue;
      PABAL_TRY(const Flags there, to.find_or_add({.system = {}, .keywords = {from.names()[i]}}));
      map.pairs_.emplace_back(bit, there);
    }
    return map;
  }

  Flags operator()(Flags flags) const {
    Flags out(flags.value() & kAllSystemFlags.value());
    for (const auto& [here, there] : pairs_) {
      if (has(flags, here)) out = with(out, there);
    }
    return out;
  }

 private:
  std::vector<std::pair<Flags, Flags>> pairs_;
};

struct Chosen {
  UidSet uids;
  std::size_t rows = 0;
  std::uint64_t bytes = 0;
  Flags flags;  ///< of all together
  bool all_shared = true;
};

Chosen choose(const FolderTable& table, const UidSet& uids) {
  Chosen chosen;
  table.for_each(uids, [&](std::size_t, const Row& row) {
    chosen.uids.add(row.uid);
    chosen.rows += 1;
    chosen.bytes += row.size_bytes;
    chosen.flags = with(chosen.flags, row.flags);
    chosen.all_shared = chosen.all_shared && row.shared;
  });
  return chosen;
}

Result<Transferred> transfer(Draft& draft, const Transfer& change, const FolderTable& from, Chosen chosen,
                             const Folder& target) {
  if (chosen.rows > kMaxRowsInCommit) return too_many_rows();
  if (!uids_are_left(target, chosen.rows)) return no_uids_left();
  if (!change.move && !change.quota.admits(draft.counters().used_bytes, chosen.bytes)) {
    return mailbox_is_full();
  }
  KeywordTable keywords = target.keywords;
  PABAL_TRY(const KeywordMap map,
            KeywordMap::make(draft.find(change.from)->keywords, keywords, only(chosen.flags, change.kept)));

  Transferred reply{.uid_validity = target.uid_validity};
  const Uid first = target.uid_next;
  op::RowsCame came = rows_to_transfer(from, chosen.uids, change.to, first, change.move);
  for (auto& row : came.rows) row.flags = map(only(row.flags, change.kept));
  const bool new_keywords = keywords != target.keywords;
  draft.apply(std::move(came));
  if (new_keywords) draft.set_keywords(change.to, std::move(keywords));
  if (change.move) {
    draft.apply(rows_left(from, chosen.uids, true));
  } else if (!chosen.all_shared) {
    draft.apply(op::RowsShared{change.from, chosen.uids});
  }
  reply.target.add({first, Uid(first.value() + static_cast<std::uint32_t>(chosen.rows) - 1)});
  reply.source = std::move(chosen.uids);
  reply.mod_seq = draft.mod_seq();
  return reply;
}

}  // namespace

Result<const Folder*> letters_folder(const Draft& draft, FolderId id) {
  const Folder* const folder = draft.find(id);
  if (!folder || folder->placeholder) return fail(ErrorKind::kRefuse, "there is no such folder");
  return folder;
}

std::optional<FolderId> table_of(const AppendAll&) { return std::nullopt; }
std::optional<FolderId> table_of(const Replace& change) { return change.folder; }
std::optional<FolderId> table_of(const ReserveLetters&) { return std::nullopt; }
std::optional<FolderId> table_of(const PlaceReserved&) { return std::nullopt; }
std::optional<FolderId> table_of(const SetFlags& change) { return change.folder; }
std::optional<FolderId> table_of(const Remove& change) { return change.folder; }
std::optional<FolderId> table_of(const Transfer& change) { return change.from; }

Attempt<AppendedAll> apply(Draft& draft, const AppendAll& change) {
  if (change.letters.empty()) return AppendedAll{};
  std::size_t bytes = 0;
  for (const Arrival& letter : change.letters) {
    if (letter.token && draft.holds_token(*letter.token)) return std::nullopt;
    bytes += batch_bytes(letter);
  }
  if (!draft.has_room(change.letters.size(), bytes)) return std::nullopt;
  auto folder = letters_folder(draft, change.letters.front().folder);
  if (!folder) return failure_of(std::move(folder));
  if (!uids_are_left(**folder, change.letters.size())) {
    return no_uids_left();
  }
  return append(draft, change.letters, **folder);
}

Attempt<AppendedAll> apply(Draft& draft, const Replace& change) {
  if (!draft.has_room(2, batch_bytes(change.arrival))) return std::nullopt;
  auto from = letters_folder(draft, change.folder);
  if (!from) return failure_of(std::move(from));
  auto folder = letters_folder(draft, change.arrival.folder);
  if (!folder) return failure_of(std::move(folder));
  if (!uids_are_left(**folder, 1)) return no_uids_left();
  const Table table = draft.table(change.folder);
  const auto old = table->find(change.uid);
  if (!old) return fail(ErrorKind::kRefuse, "the letter that was to be replaced is gone");
  Result<AppendedAll> reply =
      append(draft, std::span(&change.arrival, 1), **folder, (*table)[*old].size_bytes);
  if (!reply) return failure_of(std::move(reply));
  draft.apply(rows_left(*table, UidSet(UidSet::Range{change.uid, change.uid}), false));
  return reply;
}

bool fits_one_commit(const AppendAll& change) {
  std::size_t bytes = 0;
  for (const Arrival& letter : change.letters) bytes += batch_bytes(letter);
  return change.letters.size() <= kMaxLettersInBatch &&
         (bytes <= store::kMaxBatchBytes / 2 || change.letters.size() == 1);
}

Attempt<Reserved> apply(Draft& draft, const ReserveLetters& change) {
  auto folder = letters_folder(draft, change.folder);
  if (!folder) return failure_of(std::move(folder));
  if (change.count > kMaxRowsInCommit) return too_many_rows();
  if (!change.quota.admits(draft.counters().used_bytes, change.bytes)) return mailbox_is_full();
  return Reserved{.first = draft.reserve(change.count), .at = draft.now()};
}

Attempt<AppendedAll> apply(Draft& draft, const PlaceReserved& change) {
  if (!draft.has_room(change.letters.size())) return std::nullopt;
  auto found = letters_folder(draft, change.folder);
  if (!found) return failure_of(std::move(found));
  const Folder& folder = **found;
  if (!uids_are_left(folder, change.letters.size())) return no_uids_left();
  if (draft.now() > change.until) {
    return fail(ErrorKind::kRetryLater, "storing the letters took too long; bring fewer at a time");
  }
  std::uint64_t bytes = 0;
  for (const auto& letter : change.letters) {
    if (letter.bytes > kMaxLetterBytes) return letter_too_large();
    bytes += letter.bytes;
  }
  if (!change.quota.admits(draft.counters().used_bytes, bytes)) return mailbox_is_full();

  KeywordTable keywords = folder.keywords;
  op::RowsCame came{.folder = change.folder, .first_uid = folder.uid_next, .rows = {}};
  AppendedAll reply{.uid_validity = folder.uid_validity};
  for (const auto& letter : change.letters) {
    auto flags = keywords.find_or_add(letter.flags);
    if (!flags) return failure_of(std::move(flags));
    const std::uint64_t place = came.rows.size();
    reply.placed.push_back({.letter = LetterId(change.first.value() + place),
                            .uid = Uid(static_cast<std::uint32_t>(came.first_uid.value() + place)),
                            .uid_validity = reply.uid_validity});
    came.rows.push_back({.letter = reply.placed.back().letter,
                         .size_bytes = static_cast<std::uint32_t>(letter.bytes),
                         .flags = *flags,
                         .received = std::chrono::floor<std::chrono::seconds>(letter.received)});
  }
  const bool new_keywords = keywords != folder.keywords;
  draft.apply(std::move(came));
  if (new_keywords) draft.set_keywords(change.folder, std::move(keywords));
  reply.mod_seq = draft.mod_seq();
  return reply;
}

Attempt<FlagsSet> apply(Draft& draft, const SetFlags& change) {
  auto folder = letters_folder(draft, change.folder);
  if (!folder) return failure_of(std::move(folder));
  const Table table = draft.table(change.folder);
  if (!draft.has_room(0, change.uids.ranges().size() * kRangeBytes)) return std::nullopt;

  FlagsSet reply;
  UidSet uids = change.uids;
  if (change.unchanged_since) {
    table->for_each(change.uids, [&](std::size_t, const Row& row) {
      if (row.mod_seq > *change.unchanged_since) reply.stale.add(row.uid);
    });
    uids = uids.subtract(reply.stale);
  }
  KeywordTable keywords = (*folder)->keywords;
  const FlagNames names = only(change.flags, change.changeable);
  Flags named = keywords.find(names);
  if (change.how != FlagEdit::kRemove) {
    auto added = keywords.find_or_add(names);
    if (!added) return failure_of(std::move(added));
    named = *added;
  }
  const bool new_keywords = keywords != (*folder)->keywords;
  const auto set = [&](FlagEdit how, Flags flags) {
    const Applied applied =
        draft.apply(op::FlagsChanged{.folder = change.folder, .uids = uids, .how = how, .flags = flags});
    reply.changed.add(applied.uids);
  };
  if (change.how == FlagEdit::kReplace && change.changeable != kAllFlags) {
    set(FlagEdit::kAdd, named);
    set(FlagEdit::kRemove, without(change.changeable, named));
  } else {
    set(change.how, named);
  }
  if (new_keywords && !reply.changed.empty()) draft.set_keywords(change.folder, std::move(keywords));
  reply.mod_seq = draft.mod_seq();
  return reply;
}

Attempt<Removed> apply(Draft& draft, const Remove& change) {
  auto folder = letters_folder(draft, change.folder);
  if (!folder) return failure_of(std::move(folder));
  Removed reply{.gone = {}, .mod_seq = draft.mod_seq()};
  if (change.only_deleted && (*folder)->deleted == 0) return reply;

  const Table table = draft.table(change.folder);
  const auto take = [&](std::size_t, const Row& row) {
    if (!change.only_deleted || has(row.flags, kDeleted)) reply.gone.add(row.uid);
  };
  if (change.uids) {
    table->for_each(*change.uids, take);
  } else {
    table->for_each(take);
  }
  if (reply.gone.empty()) return reply;
  if (!draft.has_room(reply.gone.count(), batch_bytes(change.entries))) return std::nullopt;
  draft.apply(rows_left(*table, reply.gone, false));
  draft.tell(change.entries);
  reply.mod_seq = draft.mod_seq();
  return reply;
}

Attempt<Transferred> apply(Draft& draft, const Transfer& change) {
  for (const FolderId id : {change.from, change.to}) {
    auto folder = letters_folder(draft, id);
    if (!folder) return failure_of(std::move(folder));
  }
  const Folder& target = *draft.find(change.to);
  const Table from = draft.table(change.from);
  Chosen chosen = choose(*from, change.uids);
  if (chosen.rows == 0) return Transferred{.uid_validity = target.uid_validity, .mod_seq = draft.mod_seq()};
  if (!draft.has_room(chosen.rows * 2, batch_bytes(change.entries))) return std::nullopt;
  auto transferred = transfer(draft, change, *from, std::move(chosen), target);
  if (transferred) draft.tell(change.entries);
  return transferred;
}

}  // namespace pabal::mailbox
