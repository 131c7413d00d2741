// An account as one commit is going to leave it. Changes are applied to a draft one after the other, each
// whole or not at all (apply.h); what comes out is one record of the log, the folders it touched, and the
// tables that sessions look at next.
//
// Pure; one thread at a time. What it is made from outlives it.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/clock.h"
#include "journey/resend_guard.h"
#include "mailbox/change.h"
#include "mailbox/folder_set.h"
#include "mailbox/folder_table.h"
#include "mailbox/log_ops.h"
#include "mailbox/table_change.h"

namespace pabal::mailbox {

/// What a node knows of an account at one moment.
struct AccountView {
  /// The account's partition has this. Else it is what an account begins with, which the first change stores.
  bool stored = false;
  Counters counters;
  FolderSet folders;
  std::vector<Table> tables;  ///< those in memory

  /// Null if it is not in memory.
  Table find_table(FolderId folder) const;
};

/// What an account begins with: the inbox, and the folders that mail programs look for.
AccountView first_view(WallTime now);

/// About how much of a batch a letter takes.
std::size_t batch_bytes(const Arrival& arrival);
std::size_t batch_bytes(std::span<const journey::Entry> entries);

class Draft {
 public:
  struct Letter {
    LetterId id;
    const Arrival* arrival;
  };

  Draft(const AccountView& before, WallTime now);

  const AccountView& before() const { return before_; }
  WallTime now() const { return record_.at; }
  /// Of this commit, or of the last one as long as nothing was changed.
  ModSeq mod_seq() const;
  const Counters& counters() const { return record_.after; }
  /// Nothing is to be stored.
  bool empty() const { return record_.operations.empty(); }

  /// Whether so much fits in beside what is there already; the first always does. Asked before anything is
  /// changed.
  bool has_room(std::size_t rows_that_come_or_go, std::size_t batch_bytes = 0) const;

  // Letters. Their folders are there and no placeholders.

  /// As it stands now. The folder's table must be in memory.
  Table table(FolderId folder);
  bool holds_token(const journey::ResendToken& token) const { return tokens_.contains(token); }
  /// New letters, in the order given; the first one's UID comes back. The arrivals live as long as the draft.
  Uid bring(const Folder& folder, std::span<const Arrival> arrivals, std::span<const Flags> flags);
  /// Ids for letters whose rows come in a later change, or never: see ReserveLetters. The first of them.
  LetterId reserve(std::size_t count);
  /// An operation on rows. Counts and UIDs are kept. Without effect it is not stored.
  Applied apply(Operation operation);
  void set_keywords(FolderId folder, KeywordTable keywords);
  /// What is told of letters, beside what arrivals bring. The entries live as long as the draft.
  void tell(std::span<const journey::Entry> entries);

  // Folders.

  const Folder* find(FolderId folder) const;
  /// All as they stand now; until the next change.
  const FolderList& list();
  /// A new folder, empty.
  FolderId make(FolderId parent, std::string name, SpecialUse use, bool placeholder);
  /// Name, place, use, subscription: whatever is not about letters.
  void change(Folder folder);
  /// It has no letters any more, and no folders below it.
  void erase(FolderId folder);
  std::uint32_t new_uid_validity();

  // What is to be stored.

  /// The record, with what an account begins with if this is its first.
  const LogRecord& seal();
  const FolderEdits& folders() const { return folders_; }
  std::span<const Letter> letters() const { return letters_; }
  std::span<const journey::Entry* const> entries() const { return entries_; }
  /// Those that were changed, of folders whose tables are in memory.
  std::vector<Table> take_tables();

 private:
  Folder& edit(FolderId folder);
  TableBuilder* builder(FolderId folder);
  void record(Operation operation);
  void record_folder(const Folder& folder, bool made);

  const AccountView& before_;
  LogRecord record_;
  FolderEdits folders_;
  Folders list_;  ///< null: to be made
  struct Building {
    FolderId folder;
    TableBuilder builder;
    bool changed = false;
  };
  std::vector<Building> building_;
  std::vector<Letter> letters_;
  std::vector<const journey::Entry*> entries_;
  std::set<journey::ResendToken> tokens_;
  std::size_t rows_ = 0;
  std::size_t batch_bytes_ = 0;
};

}  // namespace pabal::mailbox
