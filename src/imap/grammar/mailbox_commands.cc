#include "imap/grammar/mailbox_commands.h"

#include "base/ascii.h"
#include "imap/grammar/mailbox_name.h"

namespace pabal::imap {
namespace {

using mailbox::SpecialUse;

struct UseAttribute {
  std::string_view name;
  SpecialUse use;
};
constexpr UseAttribute kUses[] = {
    {"\\All", SpecialUse::kAll},       {"\\Archive", SpecialUse::kArchive},
    {"\\Drafts", SpecialUse::kDrafts}, {"\\Flagged", SpecialUse::kFlagged},
    {"\\Junk", SpecialUse::kJunk},     {"\\Sent", SpecialUse::kSent},
    {"\\Trash", SpecialUse::kTrash},   {"\\Important", SpecialUse::kImportant},
};

struct StatusRow {
  std::string_view name;
  StatusItem item;
};
constexpr StatusRow kStatusItems[] = {
    {"MESSAGES", StatusItem::kMessages},
    {"RECENT", StatusItem::kRecent},
    {"UIDNEXT", StatusItem::kUidNext},
    {"UIDVALIDITY", StatusItem::kUidValidity},
    {"UNSEEN", StatusItem::kUnseen},
    {"DELETED", StatusItem::kDeleted},
    {"SIZE", StatusItem::kSize},
    {"HIGHESTMODSEQ", StatusItem::kHighestModSeq},
    {"APPENDLIMIT", StatusItem::kAppendLimit},
    {"DELETED-STORAGE", StatusItem::kDeletedStorage},
    {"MAILBOXID", StatusItem::kMailboxId},
};

/// A sequence-set in which "*" and "$" are not allowed.
Result<SequenceSet> parse_known_set(Cursor& in) {
  const Cursor before = in;
  PABAL_TRY(SequenceSet set, SequenceSet::parse(in));
  if (set.has_star() || set.is_saved()) return expected(before, "numbers without * or $");
  return set;
}

/// seq-match-data = "(" known-sequence-set SP known-uid-set ")"
Result<Qresync::Match> parse_seq_match_data(Cursor& in, const Dialect& dialect) {
  Qresync::Match match;
  PABAL_TRY_VOID(parse_list_opens(in, dialect));
  PABAL_TRY(match.numbers, parse_known_set(in));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(match.uids, parse_known_set(in));
  PABAL_TRY_VOID(parse_char(in, ')'));
  if (count_numbers(match.numbers.resolve(UINT32_MAX)) != count_numbers(match.uids.resolve(UINT32_MAX))) {
    return fail(ErrorKind::kRefuse, "The known numbers and the known UIDs of QRESYNC are not equally many");
  }
  return match;
}

/// "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
Result<Qresync> parse_qresync(Cursor& in, const Dialect& dialect) {
  Qresync out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_list_opens(in, dialect));
  PABAL_TRY(out.uid_validity, parse_nz_number(in));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mod_seq, parse_mod_sequence_value(in));
  PABAL_TRY(bool more, parse_list_continues(in, dialect));
  if (more && !in.peek_is('(')) {
    PABAL_TRY(out.known_uids, parse_known_set(in));
    PABAL_TRY(more, parse_list_continues(in, dialect));
  }
  if (more) {
    PABAL_TRY(out.match, parse_seq_match_data(in, dialect));
    PABAL_TRY_VOID(parse_char(in, ')'));
  }
  return out;
}

Result<void> parse_select_param(Cursor& in, const Dialect& dialect, SelectCommand& out) {
  if (take_keyword(in, "CONDSTORE")) {
    out.condstore = true;
    return {};
  }
  const Cursor before = in;
  if (take_keyword(in, "QRESYNC") && !out.qresync) {
    PABAL_TRY(out.qresync, parse_qresync(in, dialect));
    return {};
  }
  return expected(before, "CONDSTORE or QRESYNC once");
}

/// "USE" SP "(" [use-attr *(SP use-attr)] ")" (RFC 6154 §3)
Result<void> parse_create_param(Cursor& in, const Dialect& dialect, CreateCommand& out) {
  if (!take_keyword(in, "USE")) return expected(in, "USE");
  PABAL_TRY_VOID(parse_space(in, dialect));
  return parse_parenthesized(in, dialect, [&]() -> Result<void> {
    const std::size_t start = in.position();
    const std::string_view from = in.rest();
    if (!in.take_char('\\')) return expected(in, "an attribute such as \\Sent");
    PABAL_TRY_VOID(parse_atom(in, "an attribute such as \\Sent"));
    const auto use = find_special_use(from.substr(0, in.position() - start));
    if (!use) {
      out.unknown_use = true;
    } else if (out.uses.size() < std::size(kUses)) {
      out.uses.push_back(*use);
    }
    return {};
  });
}

}  // namespace

Result<SelectCommand> parse_select(Cursor& in, const Dialect& dialect) {
  SelectCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  if (take_space_before_list(in, dialect)) {
    PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] { return parse_select_param(in, dialect, out); }));
  }
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<CreateCommand> parse_create(Cursor& in, const Dialect& dialect) {
  CreateCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  if (take_space_before_list(in, dialect)) {
    PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] { return parse_create_param(in, dialect, out); }));
  }
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<std::string> parse_one_mailbox(Cursor& in, const Dialect& dialect) {
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(std::string mailbox, parse_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return mailbox;
}

Result<RenameCommand> parse_rename(Cursor& in, const Dialect& dialect) {
  RenameCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.from, parse_mailbox(in, dialect));
  PABAL_TRY(out.to, parse_one_mailbox(in, dialect));
  return out;
}

std::optional<SpecialUse> find_special_use(std::string_view attribute) {
  for (const UseAttribute& known : kUses) {
    if (equals_ignoring_case(known.name, attribute)) return known.use;
  }
  return {};
}

std::string_view special_use_attribute(SpecialUse use) {
  for (const UseAttribute& known : kUses) {
    if (known.use == use) return known.name;
  }
  return {};
}

Result<StatusItems> parse_status_items(Cursor& in, const Dialect& dialect) {
  StatusItems items;
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
    for (const StatusRow& known : kStatusItems) {
      if (!take_keyword(in, known.name)) continue;
      items.add(known.item);
      return {};
    }
    return expected(in, "an item of STATUS");
  }));
  if (items.empty()) return expected(before, "at least one item of STATUS");
  return items;
}

Result<StatusCommand> parse_status(Cursor& in, const Dialect& dialect) {
  StatusCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.items, parse_status_items(in, dialect));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

}  // namespace pabal::imap
