// An account's letters as JMAP has them, at one state. An Email is a letter, whichever folders it is in:
// IMAP's rows of one letter are one Email, whose keywords are those of all its rows together, and whose
// mailboxIds are the folders of its rows. Rows that IMAP flagged \Deleted are not there (RFC 8621 §4.1.1); a
// letter all of whose rows are flagged so is no Email.
//
// A snapshot never changes and is shared by all who look; any thread. It is made anew when the account's
// state has moved, in a few milliseconds for a hundred thousand letters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/ids.h"
#include "base/lru_map.h"
#include "mailbox/mailboxes.h"
#include "mailbox/search/letter_texts.h"
#include "net/task.h"

namespace pabal::jmap {

/// A row of a letter.
struct Place {
  mailbox::FolderId folder;
  mailbox::Uid uid;
  mailbox::Flags flags;
};

struct Email {
  mailbox::LetterId id;
  mailbox::LetterId thread;
  std::chrono::sys_seconds received{};
  std::uint32_t size_bytes = 0;
  std::uint32_t first_place = 0;
  std::uint32_t place_count = 0;
  mailbox::Flags system{};    ///< of all its rows together
  mailbox::ModSeq changed{};  ///< the last change to any of its rows

  /// As counts have it (RFC 8621 §2).
  bool is_unread() const {
    return (system.value() & (mailbox::kSeen.value() | mailbox::kDraft.value())) == 0;
  }
};

struct FolderCounts {
  std::uint64_t emails = 0;
  std::uint64_t unread_emails = 0;
  std::uint64_t threads = 0;
  std::uint64_t unread_threads = 0;
  bool operator==(const FolderCounts&) const = default;
};

class Snapshot {
 public:
  using Index = std::uint32_t;

  /// The tables are of `folders`, and of one moment with them.
  Snapshot(mailbox::Folders folders, std::vector<mailbox::Table> tables);

  mailbox::ModSeq mod_seq() const { return folders_->mod_seq(); }
  const mailbox::FolderList& folders() const { return *folders_; }
  const mailbox::Table& table(mailbox::FolderId folder) const;  ///< null for none
  std::span<const mailbox::Table> tables() const { return tables_; }

  /// Ascending by id.
  std::span<const Email> emails() const { return emails_; }
  const Email& operator[](Index index) const { return emails_[index]; }
  const Email* find(mailbox::LetterId id) const;
  std::optional<Index> index_of(mailbox::LetterId id) const;
  std::span<const Place> places(const Email& email) const {
    return std::span(places_).subspan(email.first_place, email.place_count);
  }
  bool is_in(const Email& email, mailbox::FolderId folder) const;

  /// `name` as JMAP has it: "$seen", "$forwarded".
  bool has_keyword(const Email& email, std::string_view name) const;
  /// All, in lower case, each once, sorted.
  std::vector<std::string> keywords(const Email& email) const;

  /// Emails of the thread, oldest first; empty for none.
  std::span<const Index> thread(mailbox::LetterId id) const;

  FolderCounts counts(mailbox::FolderId folder) const;

  std::size_t memory_bytes() const;

 private:
  friend class Snapshots;
  void group_threads();
  void count() const;

  mailbox::Folders folders_;
  std::vector<mailbox::Table> tables_;  // by folder id
  std::vector<Email> emails_;
  std::vector<Place> places_;
  std::vector<Index> by_thread_;  // by thread, then by date
  struct Counted {
    mailbox::FolderId folder;
    FolderCounts counts;
  };
  mutable std::once_flag counted_;
  mutable std::vector<Counted> counts_;  // by folder id
};

using SnapshotRef = std::shared_ptr<const Snapshot>;

/// Keywords of a row, and back. JMAP writes IMAP's system flags with a $ (RFC 8621 §4.1.1).
inline constexpr std::size_t kMaxJmapKeywordBytes = 255;
bool is_keyword(std::string_view name);
/// In any case; a valid one.
void add_keyword(mailbox::FlagNames& names, std::string_view name);

class Snapshots {
 public:
  /// Both outlive it. `max_bytes`: of those kept, beside the tables, which mailboxes keep.
  Snapshots(mailbox::Mailboxes& mailboxes, mailbox::search::LetterNotes& notes,
            std::size_t max_bytes = std::size_t{128} * 1024 * 1024)
      : mailboxes_(mailboxes), notes_(notes), max_bytes_(max_bytes) {}

  /// As the account stands, with what other nodes wrote. Any loop's thread.
  net::Task<Result<SnapshotRef>> load(account::AccountId account);

 private:
  SnapshotRef find(account::AccountId account);
  void keep(account::AccountId account, SnapshotRef snapshot);
  net::Task<Result<std::shared_ptr<Snapshot>>> make(account::AccountId account);
  net::Task<Result<void>> set_threads(account::AccountId account, Snapshot& fresh, const Snapshot* before);

  mailbox::Mailboxes& mailboxes_;
  mailbox::search::LetterNotes& notes_;
  const std::size_t max_bytes_;
  std::mutex mutex_;
  LruMap<account::AccountId, SnapshotRef> kept_{1024};
  std::size_t kept_bytes_ = 0;
};

}  // namespace pabal::jmap
