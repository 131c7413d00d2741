// A letter's row as FETCH tells it (RFC 9051 §7.5.2): what is at hand without waiting for anything.
#pragma once

#include <span>
#include <string>

#include "imap/grammar/fetch_command.h"
#include "imap/grammar/object_id.h"
#include "mailbox/folder.h"
#include "mailbox/folder_table.h"

namespace pabal::imap::detail {

/// What rows have in common.
struct RowStyle {
  std::span<const std::string> keywords;  ///< of `folders`
  mailbox::Folders folders;
  OtherAccount owner = {};    ///< of the letters, where that is not the client
  bool with_uid = false;      ///< though nobody asked
  bool with_mod_seq = false;  ///< beside flags, though nobody asked (RFC 7162 §3.2)
  bool uid_only = false;      ///< UIDFETCH responses (RFC 9586 §3.3)
};

constexpr std::uint32_t bit_of(FetchItem item) { return 1u << static_cast<unsigned>(item); }

/// "* 12 FETCH (" or "* 4711 UIDFETCH (".
void begin_row(std::string& out, const RowStyle& style, std::size_t position, mailbox::Uid uid);
/// The items of `bits` (FetchItems) that a row tells, with a space between them; what else is in `bits` is
/// passed over.
void append_row_items(std::string& out, const RowStyle& style, const mailbox::Row& row, std::uint32_t bits);
/// A whole line.
void append_row(std::string& out, const RowStyle& style, std::size_t position, const mailbox::Row& row,
                std::uint32_t bits);

/// FLAGS and PERMANENTFLAGS (RFC 9051 §7.3.5, §7.1): of those flags the client may change the latter.
void append_flags_here(std::string& out, std::span<const std::string> keywords, mailbox::Flags changeable);

}  // namespace pabal::imap::detail
