// LIST in all its forms (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590) and LSUB
// (RFC 3501 §6.3.9). Pure; any thread; see session_commands.h.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/mailbox_name.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

inline constexpr std::size_t kMaxListPatterns = 100;

struct ListCommand {
  struct Selection {
    bool subscribed = false;
    bool remote = false;
    bool recursive_match = false;
    bool special_use = false;
  };
  struct Return {
    bool subscribed = false;
    bool children = false;
    bool special_use = false;
    bool my_rights = false;             ///< RFC 8440
    StatusItems status;                 ///< empty: not asked for
    std::vector<std::string> metadata;  ///< RFC 9590: entry names, lower case
  };

  /// Any part of RFC 5258's syntax was used: then attributes and CHILDINFO are given as it says.
  bool extended = false;
  Selection selection;
  Return wanted;
  std::string reference;              ///< UTF-8
  std::vector<std::string> patterns;  ///< UTF-8; one "" alone asks for the separator (RFC 9051 §6.3.9)

  /// Each pattern with the reference before it.
  std::vector<ListPattern> compile() const;
};
Result<ListCommand> parse_list(Cursor& in, const Dialect& dialect);
/// Only reference and one pattern are filled.
Result<ListCommand> parse_lsub(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
