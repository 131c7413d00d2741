#include "imap/grammar/append_command.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "imap/grammar/mailbox_name.h"

namespace pabal::imap {
namespace {

bool stands_at_literal(const Cursor& in) {
  Cursor look = in;
  look.take_char('~');
  return look.peek_is('{');
}

}  // namespace

Result<std::string> parse_append(Cursor& in, const Dialect& dialect) {
  PABAL_TRY_VOID(parse_space(in, dialect));
  return parse_mailbox(in, dialect);
}

Result<ReplaceCommand> parse_replace(Cursor& in, const Dialect& dialect) {
  ReplaceCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (in.take_char('*')) {
    out.number = SequenceSet::kStar;
  } else {
    PABAL_TRY(out.number, parse_nz_number(in));
  }
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  return out;
}

Result<AppendMessage> parse_append_message(Cursor& in, const Dialect& dialect) {
  AppendMessage out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (in.peek_is('(')) {
    PABAL_TRY(out.flags, parse_flag_list(in, dialect));
    PABAL_TRY_VOID(parse_space(in, dialect));
  }
  if (in.peek_is('"')) {
    PABAL_TRY(out.date, parse_date_time(in, dialect));
    PABAL_TRY_VOID(parse_space(in, dialect));
  }
  if (take_keyword(in, "CATENATE")) {
    out.form = AppendMessage::Form::kCatenate;
  } else if (take_keyword(in, "UTF8")) {
    out.form = AppendMessage::Form::kUtf8;
  } else {
    // The announcement itself may not be in the buffer.
    if (!in.at_end() && !stands_at_literal(in)) {
      return expected(in, "flags in parentheses, a date in quotes or the message as a literal");
    }
    return out;
  }
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_list_opens(in, dialect));
  return out;
}

Result<CatPart> parse_cat_part(Cursor& in, const Dialect& dialect) {
  using Kind = CatPart::Kind;
  if (in.take_char(')')) return CatPart{Kind::kEnd};
  if (in.peek_is(' ')) PABAL_TRY_VOID(parse_space(in, dialect));
  if (take_keyword(in, "TEXT")) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    return CatPart{Kind::kText};
  }
  if (!take_keyword(in, "URL")) return expected(in, "TEXT, URL or the closing parenthesis");
  PABAL_TRY_VOID(parse_space(in, dialect));
  CatPart out{Kind::kUrl};
  PABAL_TRY(out.url, parse_astring(in, dialect, "a URL"));
  return out;
}

Result<void> parse_append_message_end(Cursor& in) { return parse_char(in, ')'); }

Result<bool> parse_append_next(Cursor& in, const Dialect& dialect) {
  if (take_end(in, dialect)) return false;
  if (!in.peek_is(' ')) return expected(in, "another message or the end of the command");
  // "FOO {5}" begins another message; a space alone behind the last is borne by parse_end.
  return true;
}

namespace {

/// "%2F" and the like (RFC 3986 §2.1); nothing for half of one.
std::optional<std::string> percent_decode(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (is_digit(c)) return c - '0';
    const char low = to_lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return {};
    out.push_back(static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2])));
    i += 2;
  }
  return out;
}

/// ";NAME=" in any case, with a slash before it or not.
bool take_url_parameter(Cursor& in, std::string_view name) {
  const std::size_t start = in.position();
  in.take_char('/');
  if (in.take_word_ignoring_case(name)) return true;
  in.rewind_to(start);
  return false;
}

}  // namespace

std::optional<MessageUrl> parse_message_url(std::string_view url) {
  MessageUrl out;
  Cursor in(url);
  if (in.take_char('/')) {
    const auto name = percent_decode(in.take_while([](char c) { return c != ';'; }));
    if (!name || !is_utf8(*name) || std::ranges::any_of(*name, is_control)) return {};
    out.mailbox = *name;
  }
  while (out.mailbox.ends_with('/')) out.mailbox.pop_back();
  fold_inbox(out.mailbox);
  if (!out.mailbox.empty() && take_url_parameter(in, ";UIDVALIDITY=")) {
    const auto number = in.take_number(UINT32_MAX);
    if (!number) return {};
    out.uid_validity = static_cast<std::uint32_t>(*number);
  }
  if (!take_url_parameter(in, ";UID=")) return {};
  const auto uid = in.take_number(UINT32_MAX);
  if (!uid || *uid == 0) return {};
  out.uid = static_cast<std::uint32_t>(*uid);
  if (take_url_parameter(in, ";SECTION=")) {
    const auto section = percent_decode(in.take_while([](char c) { return c != ';' && c != '/'; }));
    if (!section || section->empty()) return {};
    out.section = *section;
  }
  if (take_url_parameter(in, ";PARTIAL=")) {
    const auto offset = in.take_number();
    const bool to_end = offset && !in.take_char('.');
    const auto size = to_end ? std::optional<std::uint64_t>(UINT64_MAX) : in.take_number();
    if (!offset || !size || *size == 0) return {};
    out.partial = Partial{*offset, *size};
  }
  return in.at_end() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace pabal::imap
