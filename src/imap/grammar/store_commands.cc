#include "imap/grammar/store_commands.h"

#include "imap/grammar/mailbox_name.h"

namespace pabal::imap {
namespace {

/// "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")" (RFC 7162 §7)
Result<void> parse_store_modifier(Cursor& in, const Dialect& dialect, StoreCommand& out) {
  const Cursor before = in;
  if (!take_keyword(in, "UNCHANGEDSINCE") || out.unchanged_since) {
    return expected(before, "UNCHANGEDSINCE once");
  }
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.unchanged_since, parse_mod_sequence_valzer(in));
  return {};
}

/// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
Result<void> parse_store_att_flags(Cursor& in, const Dialect& dialect, StoreCommand& out) {
  using How = StoreCommand::How;
  const Cursor before = in;
  out.how = in.take_char('+') ? How::kAdd : in.take_char('-') ? How::kRemove : How::kReplace;
  out.silent = take_keyword(in, "FLAGS.SILENT");
  if (!out.silent && !take_keyword(in, "FLAGS")) return expected(before, "FLAGS, +FLAGS or -FLAGS");
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (in.peek_is('(')) {
    PABAL_TRY(out.flags, parse_flag_list(in, dialect));
    return parse_end(in, dialect);
  }
  PABAL_TRY_VOID(parse_flag(in, dialect, out.flags));
  while (!take_end(in, dialect)) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY_VOID(parse_flag(in, dialect, out.flags));
  }
  return {};
}

}  // namespace

Result<StoreCommand> parse_store(Cursor& in, const Dialect& dialect) {
  StoreCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.set, SequenceSet::parse(in));
  if (take_space_before_list(in, dialect)) {
    PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] { return parse_store_modifier(in, dialect, out); }));
  }
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_store_att_flags(in, dialect, out));
  return out;
}

Result<TransferCommand> parse_transfer(Cursor& in, const Dialect& dialect) {
  TransferCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.set, SequenceSet::parse(in));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<SequenceSet> parse_uid_expunge(Cursor& in, const Dialect& dialect) {
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(SequenceSet set, SequenceSet::parse(in));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return set;
}

}  // namespace pabal::imap
