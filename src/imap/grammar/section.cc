#include "imap/grammar/section.h"

#include "base/ascii.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

constexpr std::string_view kWhatExpected = "HEADER, HEADER.FIELDS, TEXT, MIME or a part's number";

/// header-list = "(" header-fld-name *(SP header-fld-name) ")"
Result<std::vector<std::string>> parse_header_list(Cursor& in, const Dialect& dialect) {
  std::vector<std::string> fields;
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
    if (fields.size() == kMaxHeaderFields) {
      return fail(ErrorKind::kOverLimit, "More than {} header fields in one section", kMaxHeaderFields);
    }
    PABAL_TRY(std::string name, parse_astring(in, dialect, "a header field's name"));
    fields.push_back(std::move(name));
    return {};
  }));
  if (fields.empty()) return expected(before, "at least one header field");
  return fields;
}

/// section-msgtext, and MIME where section-text has it.
Result<void> parse_section_text(Cursor& in, const Dialect& dialect, Section& out) {
  using What = Section::What;
  if (take_keyword(in, "HEADER.FIELDS.NOT")) {
    out.what = What::kHeaderFieldsNot;
  } else if (take_keyword(in, "HEADER.FIELDS")) {
    out.what = What::kHeaderFields;
  } else if (take_keyword(in, "HEADER")) {
    out.what = What::kHeader;
    return {};
  } else if (take_keyword(in, "TEXT")) {
    out.what = What::kText;
    return {};
  } else if (!out.path.empty() && take_keyword(in, "MIME")) {
    out.what = What::kMime;
    return {};
  } else {
    return expected(in, kWhatExpected);
  }
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.fields, parse_header_list(in, dialect));
  return {};
}

/// section-part = nz-number *("." nz-number). A "." behind it that begins section-text is taken, and told.
Result<bool> parse_section_part(Cursor& in, std::vector<std::uint32_t>& path) {
  while (true) {
    const auto number = in.take_number(UINT32_MAX);
    if (!number || *number == 0) return expected(in, "a part's number");
    if (path.size() == kMaxSectionDepth) {
      return fail(ErrorKind::kOverLimit, "A section is more than {} parts deep", kMaxSectionDepth);
    }
    path.push_back(static_cast<std::uint32_t>(*number));
    if (!in.take_char('.')) return false;
    if (in.at_end() || !is_digit(*in.peek())) return true;
  }
}

}  // namespace

Result<Section> parse_section(Cursor& in, const Dialect& dialect) {
  Section out;
  PABAL_TRY_VOID(parse_char(in, '['));
  if (in.take_char(']')) return out;
  bool has_text = true;
  if (!in.at_end() && is_digit(*in.peek())) {
    PABAL_TRY(has_text, parse_section_part(in, out.path));
  }
  if (has_text) PABAL_TRY_VOID(parse_section_text(in, dialect, out));
  PABAL_TRY_VOID(parse_char(in, ']'));
  return out;
}

Result<Section> parse_section_binary(Cursor& in) {
  Section out;
  PABAL_TRY_VOID(parse_char(in, '['));
  if (in.take_char(']')) return out;
  PABAL_TRY(const bool has_text, parse_section_part(in, out.path));
  if (has_text) return expected(in, "a part's number");
  PABAL_TRY_VOID(parse_char(in, ']'));
  return out;
}

Result<std::optional<Partial>> parse_partial(Cursor& in) {
  if (!in.take_char('<')) return std::nullopt;
  Partial out;
  PABAL_TRY(out.offset, parse_number64(in));
  PABAL_TRY_VOID(parse_char(in, '.'));
  PABAL_TRY(out.size, parse_number64(in));
  if (out.size == 0) return expected(in, "a size from 1 on before this");
  PABAL_TRY_VOID(parse_char(in, '>'));
  return out;
}

void append_section(std::string& out, const Section& section) {
  using What = Section::What;
  out.push_back('[');
  bool dot = false;
  for (const std::uint32_t number : section.path) {
    if (dot) out.push_back('.');
    dot = true;
    append_number(out, number);
  }
  if (dot && section.what != What::kWhole) out.push_back('.');
  switch (section.what) {
    case What::kWhole:
      break;
    case What::kHeader:
      out.append("HEADER");
      break;
    case What::kHeaderFields:
      out.append("HEADER.FIELDS ");
      break;
    case What::kHeaderFieldsNot:
      out.append("HEADER.FIELDS.NOT ");
      break;
    case What::kText:
      out.append("TEXT");
      break;
    case What::kMime:
      out.append("MIME");
      break;
  }
  if (section.what == What::kHeaderFields || section.what == What::kHeaderFieldsNot) {
    char before = '(';
    for (const std::string& field : section.fields) {
      out.push_back(before);
      append_astring(out, field, {});
      before = ' ';
    }
    out.push_back(')');
  }
  out.push_back(']');
}

}  // namespace pabal::imap
