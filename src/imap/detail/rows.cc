#include "imap/detail/rows.h"

#include "imap/grammar/flags.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap::detail {

void begin_row(std::string& out, const RowStyle& style, std::size_t position, mailbox::Uid uid) {
  out += "* ";
  append_number(out, style.uid_only ? uid.value() : position + 1);
  out += style.uid_only ? " UIDFETCH (" : " FETCH (";
}

void append_row_items(std::string& out, const RowStyle& style, const mailbox::Row& row, std::uint32_t bits) {
  const auto wants = [bits](FetchItem item) { return (bits & bit_of(item)) != 0; };
  const bool flags = wants(FetchItem::kFlags);
  const std::size_t begin = out.size();
  if ((wants(FetchItem::kUid) || style.with_uid) && !style.uid_only) {
    out += "UID ";
    append_number(out, row.uid.value());
    out += ' ';
  }
  if (flags) {
    out += "FLAGS ";
    append_flag_list(out, row.flags, style.keywords);
    out += ' ';
  }
  if (wants(FetchItem::kModSeq) || (flags && style.with_mod_seq)) {
    out += "MODSEQ (";
    append_number(out, row.mod_seq.value());
    out += ") ";
  }
  if (wants(FetchItem::kInternalDate)) {
    out += "INTERNALDATE ";
    append_date_time(out, row.received);
    out += ' ';
  }
  if (wants(FetchItem::kRfc822Size)) {
    out += "RFC822.SIZE ";
    append_number(out, row.size_bytes);
    out += ' ';
  }
  if (wants(FetchItem::kEmailId)) {
    out += "EMAILID (";
    append_email_id(out, row.letter, style.owner);
    out += ") ";
  }
  if (wants(FetchItem::kSaveDate)) {
    out += "SAVEDATE ";
    append_date_time(out, row.saved);
    out += ' ';
  }
  if (out.size() > begin) out.pop_back();
}

void append_row(std::string& out, const RowStyle& style, std::size_t position, const mailbox::Row& row,
                std::uint32_t bits) {
  begin_row(out, style, position, row.uid);
  append_row_items(out, style, row, bits);
  out += ")\r\n";
}

void append_flags_here(std::string& out, std::span<const std::string> keywords, mailbox::Flags changeable) {
  const std::uint64_t bits = keywords.size() + mailbox::kSystemFlags;
  const mailbox::Flags all(bits >= 64 ? UINT64_MAX : (std::uint64_t{1} << bits) - 1);
  out += "* FLAGS ";
  append_flag_list(out, all, keywords);
  out += "\r\n* OK [PERMANENTFLAGS ";
  append_flag_list(out, only(all, changeable), keywords);
  const bool may_add = has(changeable, without(mailbox::kAllFlags, mailbox::kAllSystemFlags));
  if (may_add && keywords.size() < mailbox::kMaxKeywords) {
    out.pop_back();
    out += " \\*)";
  }
  out += "] Flags that are kept\r\n";
}

}  // namespace pabal::imap::detail
