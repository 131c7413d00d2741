// What names things within one account. All rise and are never used again, whatever is deleted (RFC 9051
// §2.3.1.1, RFC 7162 §3.1, RFC 8474).
#pragma once

#include <cstdint>

#include "base/strong.h"

namespace pabal::mailbox {

/// A letter as it came in, in whatever folders it is; rises with arrival.
using LetterId = Strong<struct LetterIdTag, std::uint64_t>;
/// The number of a change of the account: its log is in their order.
using ModSeq = Strong<struct ModSeqTag, std::uint64_t>;
using FolderId = Strong<struct FolderIdTag, std::uint32_t>;
using Uid = Strong<struct UidTag, std::uint32_t>;

/// Every account has it, from its first letter on.
inline constexpr FolderId kInbox{1};

}  // namespace pabal::mailbox
