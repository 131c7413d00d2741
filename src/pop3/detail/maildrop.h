// The maildrop of one session: the folder's letters as they were at the login, with numbers that do not move
// (RFC 1939 §4), and which of them the client deleted. Nothing here waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mailbox/folder.h"
#include "mailbox/folder_table.h"

namespace pabal::pop3::detail {

/// Position of a message, from 0; its number is one more.
using Position = std::uint32_t;

class Maildrop {
 public:
  /// Letters that came in before `since` are not in it.
  Maildrop(mailbox::Table table, std::uint32_t uid_validity, std::optional<WallTime> since);

  std::size_t size() const { return chosen_ ? chosen_->size() : table_->size(); }
  mailbox::FolderId folder() const { return table_->folder(); }
  const mailbox::Row& operator[](Position message) const {
    return (*table_)[chosen_ ? (*chosen_)[message] : message];
  }

  /// What a client knows the letter by, in all sessions for ever (RFC 1939 §7): UIDVALIDITY, UID and the
  /// second in which the letter came into the folder. The second makes it hold over a restored backup too:
  /// UIDs that were given out since the backup are given again to other letters, but never at the same time,
  /// and a client that keeps its mail on the server does not take the new letter for one that it has.
  void append_unique_id(std::string& out, Position message) const;

  bool is_deleted(Position message) const { return !deleted_.empty() && deleted_[message]; }
  void mark_deleted(Position message);
  void unmark_all();
  /// Those that the client deleted, in their order.
  std::vector<Position> deleted() const;

  // Without the deleted ones.
  std::size_t count() const { return size() - deleted_count_; }
  std::uint64_t bytes() const { return bytes_ - deleted_bytes_; }

  /// Whether the letter is not in the folder any more, as `now` shows that.
  bool is_gone(Position message, const mailbox::Table& now) const;

 private:
  mailbox::Table table_;
  std::uint32_t uid_validity_;
  std::optional<std::vector<std::uint32_t>> chosen_;  // positions in the table; nothing: all
  std::vector<bool> deleted_;                         // empty until something is
  std::uint64_t bytes_ = 0;
  std::size_t deleted_count_ = 0;
  std::uint64_t deleted_bytes_ = 0;
};

}  // namespace pabal::pop3::detail
