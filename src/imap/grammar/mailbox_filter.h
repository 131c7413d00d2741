// filter-mailboxes (RFC 5465 §6, RFC 7377 §2.2): the mailboxes that NOTIFY and ESEARCH mean.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

inline constexpr std::size_t kMaxFilterMailboxes = 1000;
inline constexpr std::size_t kMaxFilters = 100;

struct MailboxFilter {
  enum class Kind : std::uint8_t {
    kSelected,
    kSelectedDelayed,
    kInboxes,
    kPersonal,
    kSubscribed,
    kSubtree,
    kSubtreeOne,
    kMailboxes,
  };
  Kind kind = Kind::kSelected;
  std::vector<std::string> mailboxes = {};  ///< of the last three
  bool operator==(const MailboxFilter&) const = default;

  bool is_selected() const { return kind == Kind::kSelected || kind == Kind::kSelectedDelayed; }
};
Result<MailboxFilter> parse_filter_mailboxes(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
