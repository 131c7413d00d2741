// What a session must tell its client: the way from the letters that the client knows to those that are
// there now. Positions count from 0; a sequence number is one more.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mailbox/folder_table.h"
#include "mailbox/ids.h"
#include "mailbox/uid_set.h"

namespace pabal::mailbox {

struct ViewDifference {
  /// A letter that the client knows, and that was changed.
  struct Changed {
    std::uint32_t told;  ///< where the client has it, as long as it was told of no removal
    std::uint32_t now;   ///< where it is in the new table, so after all removals
    bool operator==(const Changed&) const = default;
  };

  /// What to send as EXPUNGE, in this order: highest first, so that each number is right in its turn (RFC
  /// 9051 §7.5.1). Sequence numbers, not positions.
  std::vector<std::uint32_t> expunged;
  UidSet vanished;               ///< the same letters, for VANISHED (RFC 7162 §3.2.10)
  std::vector<Changed> changed;  ///< ascending
  /// From this position on, the new table's rows are new to the client: EXISTS if any are.
  std::size_t first_new = 0;

  bool nothing_new(const FolderTable& now) const {
    return expunged.empty() && changed.empty() && first_new == now.size();
  }
};

/// The client knows the letters of `told`, and flags as they were after `flags_told`, or after told.mod_seq()
/// if that is later: a session that may not tell of removals keeps the table and tells flags meanwhile.
/// Pages that both tables share are not looked at.
ViewDifference compare(const FolderTable& told, const FolderTable& now, ModSeq flags_told = {});

/// The client knows `told`, which were all letters of the folder at some moment before, and flags as they
/// were after `flags_told`. Pages that are as they were then are stepped over.
ViewDifference compare(const UidSet& told, const FolderTable& now, ModSeq flags_told);

}  // namespace pabal::mailbox
