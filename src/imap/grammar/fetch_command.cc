#include "imap/grammar/fetch_command.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::imap {
namespace {

using Kind = FetchSection::Kind;

struct ItemRow {
  std::string_view name;
  FetchItem item;
};
constexpr ItemRow kItems[] = {
    {"FLAGS", FetchItem::kFlags},
    {"UID", FetchItem::kUid},
    {"ENVELOPE", FetchItem::kEnvelope},
    {"INTERNALDATE", FetchItem::kInternalDate},
    {"RFC822.SIZE", FetchItem::kRfc822Size},
    {"BODYSTRUCTURE", FetchItem::kBodyStructure},
    {"MODSEQ", FetchItem::kModSeq},
    {"EMAILID", FetchItem::kEmailId},
    {"THREADID", FetchItem::kThreadId},
    {"SAVEDATE", FetchItem::kSaveDate},
};

/// The items of IMAP2 that are sections by another name (RFC 3501 §6.4.5).
struct OldRow {
  std::string_view name;
  Kind kind;
  bool peek;
  Section::What what;
};
constexpr OldRow kOldSections[] = {
    {"RFC822.HEADER", Kind::kRfc822Header, true, Section::What::kHeader},
    {"RFC822.TEXT", Kind::kRfc822Text, false, Section::What::kText},
    {"RFC822", Kind::kRfc822, false, Section::What::kWhole},
};

/// What stands before the bracket of a section.
struct SectionRow {
  std::string_view name;
  Kind kind;
  bool peek;
  std::string_view label;
};
constexpr SectionRow kSections[] = {
    {"BODY.PEEK[", Kind::kBody, true, "BODY"},       {"BODY[", Kind::kBody, false, "BODY"},
    {"BINARY.PEEK[", Kind::kBinary, true, "BINARY"}, {"BINARY.SIZE[", Kind::kBinarySize, true, "BINARY.SIZE"},
    {"BINARY[", Kind::kBinary, false, "BINARY"},
};

Result<void> add_section(FetchItems& items, FetchSection section) {
  if (items.sections.size() == kMaxFetchSections) {
    return fail(ErrorKind::kOverLimit, "More than {} sections in one FETCH", kMaxFetchSections);
  }
  items.sections.push_back(std::move(section));
  return {};
}

/// "BODY" section [partial] and its like; the cursor stands at the bracket.
Result<void> parse_section_item(Cursor& in, const Dialect& dialect, const SectionRow& row,
                                FetchItems& items) {
  FetchSection out{.kind = row.kind, .peek = row.peek, .label = std::string(row.label)};
  if (row.kind == Kind::kBody) {
    PABAL_TRY(out.section, parse_section(in, dialect));
  } else {
    PABAL_TRY(out.section, parse_section_binary(in));
  }
  append_section(out.label, out.section);
  if (row.kind != Kind::kBinarySize) {
    PABAL_TRY(out.partial, parse_partial(in));
  }
  if (out.partial) {
    out.label.push_back('<');
    append_number(out.label, out.partial->offset);
    out.label.push_back('>');
  }
  return add_section(items, std::move(out));
}

/// "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"] (RFC 8970 §6); the word is taken.
Result<void> parse_preview(Cursor& in, const Dialect& dialect, FetchItems& items) {
  bool lazy = false;
  if (take_space_before_list(in, dialect)) {
    PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
      if (!take_keyword(in, "LAZY")) return expected(in, "LAZY");
      lazy = true;
      return {};
    }));
  }
  items.add(lazy ? FetchItem::kPreviewLazy : FetchItem::kPreview);
  return {};
}

/// "ALL" / "FULL" / "FAST"
bool take_macro(Cursor& in, FetchItems& items) {
  const bool full = take_keyword(in, "FULL");
  const bool all = full || take_keyword(in, "ALL");
  if (!all && !take_keyword(in, "FAST")) return false;
  for (const auto item : {FetchItem::kFlags, FetchItem::kInternalDate, FetchItem::kRfc822Size}) {
    items.add(item);
  }
  if (all) items.add(FetchItem::kEnvelope);
  if (full) items.add(FetchItem::kBody);
  return true;
}

/// fetch-modifier (RFC 4466 §2.4)
Result<void> parse_fetch_modifier(Cursor& in, const Dialect& dialect, bool uid, FetchCommand& out) {
  if (take_keyword(in, "CHANGEDSINCE")) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.changed_since, parse_mod_sequence_valzer(in));
    return {};
  }
  if (uid && take_keyword(in, "VANISHED")) {
    out.vanished = true;
    return {};
  }
  if (uid && take_keyword(in, "PARTIAL")) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.partial, parse_partial_range(in));
    return {};
  }
  return expected(in, uid ? "CHANGEDSINCE, VANISHED or PARTIAL" : "CHANGEDSINCE");
}

}  // namespace

bool FetchItems::is_only(std::initializer_list<FetchItem> items) const {
  std::uint32_t allowed = 0;
  for (const FetchItem item : items) allowed |= 1u << static_cast<unsigned>(item);
  return sections.empty() && (bits & ~allowed) == 0;
}

bool FetchItems::sets_seen() const {
  return std::ranges::any_of(sections, [](const FetchSection& section) { return !section.peek; });
}

Result<void> parse_fetch_att(Cursor& in, const Dialect& dialect, FetchItems& items) {
  for (const ItemRow& row : kItems) {
    if (!take_keyword(in, row.name)) continue;
    items.add(row.item);
    return {};
  }
  for (const SectionRow& row : kSections) {
    if (!in.take_word_ignoring_case(row.name)) continue;
    in.rewind_to(in.position() - 1);
    return parse_section_item(in, dialect, row, items);
  }
  if (take_keyword(in, "BODY")) {
    items.add(FetchItem::kBody);
    return {};
  }
  if (take_keyword(in, "PREVIEW")) return parse_preview(in, dialect, items);
  for (const OldRow& row : kOldSections) {
    if (!take_keyword(in, row.name)) continue;
    FetchSection section{.kind = row.kind, .peek = row.peek, .label = std::string(row.name)};
    section.section.what = row.what;
    return add_section(items, std::move(section));
  }
  return expected(in, "an item of FETCH");
}

Result<FetchItems> parse_fetch_att_list(Cursor& in, const Dialect& dialect) {
  FetchItems items;
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] { return parse_fetch_att(in, dialect, items); }));
  if (items.bits == 0 && items.sections.empty()) return expected(before, "at least one item of FETCH");
  return items;
}

Result<PartialRange> parse_partial_range(Cursor& in) {
  const auto parse_position = [&](bool negative) -> Result<std::int64_t> {
    if (negative) PABAL_TRY_VOID(parse_char(in, '-'));
    PABAL_TRY(const std::uint32_t number, parse_nz_number(in));
    return negative ? -std::int64_t{number} : std::int64_t{number};
  };
  PartialRange out;
  const bool negative = in.peek_is('-');
  PABAL_TRY(out.first, parse_position(negative));
  PABAL_TRY_VOID(parse_char(in, ':'));
  PABAL_TRY(out.last, parse_position(negative));
  // "A range 500:400 is the same as 400:500" (RFC 9394 §4).
  if ((out.first > out.last) != negative && out.first != out.last) std::swap(out.first, out.last);
  return out;
}

Result<FetchCommand> parse_fetch(Cursor& in, const Dialect& dialect, bool uid) {
  FetchCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.set, SequenceSet::parse(in));
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (in.peek_is('(')) {
    PABAL_TRY(out.items, parse_fetch_att_list(in, dialect));
  } else if (!take_macro(in, out.items)) {
    PABAL_TRY_VOID(parse_fetch_att(in, dialect, out.items));
  }
  if (take_space_before_list(in, dialect)) {
    PABAL_TRY_VOID(
        parse_parenthesized(in, dialect, [&] { return parse_fetch_modifier(in, dialect, uid, out); }));
  }
  PABAL_TRY_VOID(parse_end(in, dialect));
  if (out.vanished && !out.changed_since) {
    return fail(ErrorKind::kRefuse, "VANISHED goes with CHANGEDSINCE (RFC 7162, section 3.2.6)");
  }
  if (uid) out.items.add(FetchItem::kUid);
  if (out.changed_since) out.items.add(FetchItem::kModSeq);  // RFC 7162 §3.1.4.1
  return out;
}

}  // namespace pabal::imap
