// What the client knows of the folder that it has open, and how the letters that it names are found there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "account/ids.h"
#include "imap/grammar/sequence_set.h"
#include "mailbox/flags.h"
#include "mailbox/folder_table.h"
#include "mailbox/ids.h"
#include "mailbox/rights.h"
#include "mailbox/uid_set.h"

namespace pabal::imap::detail {

struct SearchContexts;

struct Selected {
  account::AccountId account;  ///< whose folder it is
  mailbox::FolderId folder;
  std::uint32_t uid_validity = 0;
  bool read_only = false;  ///< by EXAMINE
  mailbox::Rights rights;  ///< as the client was told last

  /// The letters that the client knows, by its sequence numbers. Null while the session sleeps.
  mailbox::Table told;
  /// A later table whose flags were told while its removals may not be; null if `told` is the latest.
  mailbox::Table now = {};
  /// All changes of flags up to here were told.
  mailbox::ModSeq flags_told;
  std::size_t keywords_told = 0;
  mailbox::UidSet found = {};  ///< "$" (RFC 5182)
  /// Null until one is asked for (search_contexts.h).
  std::shared_ptr<SearchContexts> contexts = {};

  /// The flags that the client may change.
  mailbox::Flags changeable() const {
    return read_only ? mailbox::Flags() : mailbox::changeable_flags(rights);
  }
  bool may(mailbox::Right right) const { return !read_only && rights.has(right); }

  /// Lets go of the table. If nobody else keeps it, the account's log tells later what was in it.
  void fall_asleep() {
    told_at = told->mod_seq();
    asleep = told;
    told = nullptr;
  }
  /// Whether the table that the client knows is at hand.
  bool wake_up() {
    if (!told) told = asleep.lock();
    return told != nullptr;
  }
  std::weak_ptr<const mailbox::FolderTable> asleep = {};
  mailbox::ModSeq told_at;  ///< the table that fell asleep

  /// The flags of a later table were told, and its removals not.
  void see_flags_of(mailbox::Table later);
  /// All of it was told.
  void see_all_of(mailbox::Table later);
  /// A row as it is now; as it was last, if it has left.
  const mailbox::Row& row_now(const mailbox::Row& row) const;

 private:
  /// Rows that have left, as `now` had them when it was another table: what was told of a letter is never
  /// taken back.
  std::map<mailbox::Uid, mailbox::Row> left_;
};

/// Positions in a table, from 0, as ranges with both ends, ascending.
using Positions = std::vector<NumberRange>;

/// The letters that a command names. A sequence number that the folder does not have is kRefuse (RFC 9051 §9,
/// seq-number); a UID that is not there is passed over.
Result<Positions> find_positions(const Selected& selected, const SequenceSet& set, bool by_uid);
mailbox::UidSet uids_of(const mailbox::FolderTable& table, const Positions& positions);

/// Calls `see(position, row)` for each; walks pages, not single rows.
template <class See>
void for_each_row(const mailbox::FolderTable& table, NumberRange range, See see) {
  for (std::size_t page = table.page_of(range.first); page < table.page_count(); ++page) {
    const std::size_t first = table.first_of(page);
    if (first > range.last) return;
    const auto& rows = table.page(page).rows;
    for (std::size_t at = range.first > first ? range.first - first : 0; at < rows.size(); ++at) {
      if (first + at > range.last) return;
      see(first + at, rows[at]);
    }
  }
}

}  // namespace pabal::imap::detail
