#include "jmap/changes.h"

#include <algorithm>
#include <map>

#include "mailbox/draft.h"

namespace pabal::jmap {
namespace {

using mailbox::FolderId;
using mailbox::LetterId;
using mailbox::ModSeq;
namespace op = mailbox::op;

/// What the log tells of a letter.
struct LetterNews {
  bool came = false;       ///< it is new, and not a copy of one that was here
  bool undeleted = false;  ///< \Deleted may have been taken from it
};
struct FolderNews {
  bool made = false;
  bool gone = false;
  bool changed = false;  ///< more than its counts
};

class Digest {
 public:
  explicit Digest(const Snapshot& now) : now_(now) {}

  void add(const mailbox::LogRecord& record) {
    const auto& operations = record.operations;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const op::RowsLeft* next =
          i + 1 < operations.size() ? std::get_if<op::RowsLeft>(&operations[i + 1]) : nullptr;
      if (const auto* came = std::get_if<op::RowsCame>(&operations[i])) {
        add(*came, next != nullptr && is_move(*next));
      } else if (const auto* flags = std::get_if<op::FlagsChanged>(&operations[i])) {
        add(*flags, record.after);
      } else if (const auto* left = std::get_if<op::RowsLeft>(&operations[i])) {
        add(*left);
      } else if (const auto* folder = std::get_if<op::FolderChanged>(&operations[i])) {
        FolderNews& news = folders_[folder->folder];
        const bool made = folder->made && !was_there_from_the_beginning(folder->folder);
        (made ? news.made : news.changed) = true;
      } else if (const auto* deleted = std::get_if<op::FolderDeleted>(&operations[i])) {
        folders_[deleted->folder].gone = true;
      }
    }
  }

  Changed<LetterId> letters() const {
    Changed<LetterId> out;
    for (const auto& [id, news] : letters_) {
      const bool is_there = now_.find(id) != nullptr;
      if (is_there) {
        (news.came || news.undeleted ? out.created : out.updated).push_back(id);
      } else if (!news.came) {
        out.destroyed.push_back(id);
      }
    }
    return out;
  }

  Changed<FolderId> folders() const {
    Changed<FolderId> out;
    for (const auto& [id, news] : folders_) {
      const bool is_there = now_.folders().find(id) != nullptr;
      if (is_there) {
        (news.made ? out.created : out.updated).push_back(id);
      } else if (!news.made) {
        out.destroyed.push_back(id);
      }
    }
    return out;
  }

  bool only_counts() const {
    return std::ranges::none_of(folders_, [&](const auto& each) {
      return each.second.changed && !each.second.made && now_.folders().find(each.first) != nullptr;
    });
  }
  std::size_t letter_count() const { return letters_.size(); }
  std::size_t folder_count() const { return folders_.size(); }

 private:
  // The first change of an account stores the folders that it has shown before.
  static bool was_there_from_the_beginning(FolderId folder) {
    return mailbox::first_view({}).folders.find(folder) != nullptr;
  }

  // apply_letters.cc puts the two halves of a MOVE side by side, and what leaves names no letters.
  static bool is_move(const op::RowsLeft& left) {
    return left.letters.empty() && left.shared_letters.empty() && !left.uids.empty();
  }

  void add(const op::RowsCame& came, bool moved) {
    folders_[came.folder];
    for (const auto& row : came.rows) {
      LetterNews& news = letters_[row.letter];
      count_thread(row.letter);
      news.came = news.came || (!moved && !row.shared);
    }
  }
  void add(const op::RowsLeft& left) {
    if (left.uids.empty()) return;  // ids that were set aside, and belong to no row
    folders_[left.folder];
    for (const LetterId id : left.letters) letters_[id];
    for (const LetterId id : left.shared_letters) {
      letters_[id];
      count_thread(id);
    }
  }
  // Rows that left since are told by what came of them.
  void add(const op::FlagsChanged& change, const mailbox::Counters& at) {
    const bool names_deleted = mailbox::has(change.flags, mailbox::kDeleted);
    const bool takes_deleted = names_deleted && change.how == mailbox::FlagEdit::kRemove;
    const bool counts = change.how == mailbox::FlagEdit::kReplace || names_deleted ||
                        (change.flags.value() & (mailbox::kSeen.value() | mailbox::kDraft.value())) != 0;
    const mailbox::Table& table = now_.table(change.folder);
    if (counts) folders_[change.folder];
    if (!table) return;
    table->for_each(change.uids, [&](std::size_t, const mailbox::Row& row) {
      if (row.mod_seq < at.last_change || row.letter > at.last_letter) return;  // not it, or not yet there
      LetterNews& news = letters_[row.letter];
      news.undeleted = news.undeleted || takes_deleted;
      if (counts) count_thread(row.letter);
    });
  }

  // Whether a thread is unread is told by all folders that have some of it.
  void count_thread(LetterId letter) {
    const Email* const email = now_.find(letter);
    if (email == nullptr) return;
    for (const Snapshot::Index index : now_.thread(email->thread)) {
      for (const Place& place : now_.places(now_[index])) folders_[place.folder];
    }
  }

  const Snapshot& now_;
  std::map<LetterId, LetterNews> letters_;
  std::map<FolderId, FolderNews> folders_;
};

}  // namespace

net::Task<Result<std::optional<Changes>>> load_changes(store::Engine& engine, account::AccountId account,
                                                       SnapshotRef now, ModSeq since,
                                                       std::optional<std::uint64_t> max, ChangesOf of) {
  if (since > now->mod_seq()) co_return std::nullopt;
  Changes out;
  out.upto = since;
  if (since == now->mod_seq()) co_return std::move(out);
  const auto partition = account::partition_of(account);
  Digest digest(*now);
  mailbox::LogSpan span;
  ModSeq last = now->mod_seq();
  const auto scan = [&](Digest& into, bool counts) {
    return mailbox::scan_log(engine, partition, since, [&, counts](const mailbox::LogRecord& record) {
      if (record.after.last_change > last) return false;
      into.add(record);
      const std::size_t size = of == ChangesOf::kLetters ? into.letter_count() : into.folder_count();
      if (counts && max && size > *max) {
        out.more = true;
        return false;
      }
      out.upto = record.after.last_change;
      return true;
    });
  };
  PABAL_CO_TRY(span, co_await scan(digest, true));
  std::optional<Digest> shorter;
  if (out.more && out.upto > since) {
    // What the record too many has told must not be in it.
    last = out.upto;
    PABAL_CO_TRY(span, co_await scan(shorter.emplace(*now), false));
  }
  const Digest& told = shorter ? *shorter : digest;
  if (out.upto == since || !span.follows(since)) co_return std::nullopt;
  out.letters = told.letters();
  out.folders = told.folders();
  out.only_counts = told.only_counts();
  co_return std::move(out);
}

}  // namespace pabal::jmap
