#include "message/message_id.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "message/detail/lexer.h"

namespace pabal::message {
namespace {

using detail::is_space;
using detail::skip_cfws;

// Behind the `<`, up to and with the `>`. Folds within are transport damage and are taken out.
std::string take_bracketed(Cursor& cursor) {
  std::string id;
  while (const auto c = cursor.peek()) {
    if (*c == '<') break;  // the closing bracket was forgotten
    cursor.take();
    if (*c == '>') break;
    if (!is_space(*c)) id.push_back(*c);
  }
  return id;
}

void take_bracketed_ids(std::string_view value, std::vector<std::string>& ids) {
  Cursor cursor(value);
  while (!cursor.at_end()) {
    skip_cfws(cursor);
    if (cursor.take_char('<')) {
      if (std::string id = take_bracketed(cursor); !id.empty()) ids.push_back(std::move(id));
    } else if (cursor.take_char('"')) {
      std::string ignored;
      detail::take_quoted(cursor, ignored);
    } else {
      cursor.take();
    }
  }
}

void take_bare_ids(std::string_view value, std::vector<std::string>& ids) {
  Cursor cursor(value);
  while (!cursor.at_end()) {
    const std::string_view word =
        cursor.take_while([](char c) { return !is_space(c) && c != ',' && c != ';'; });
    const std::size_t at = word.find('@');
    if (at != std::string_view::npos && at > 0 && at + 1 < word.size()) ids.emplace_back(word);
    cursor.take();
  }
}

}  // namespace

std::vector<std::string> parse_message_ids(std::string_view value) {
  std::vector<std::string> ids;
  if (value.find('<') == std::string_view::npos) {
    take_bare_ids(value, ids);
  } else {
    take_bracketed_ids(value, ids);
  }
  if (ids.size() > kMaxMessageIds) {
    const auto kept_front = static_cast<std::ptrdiff_t>(kMaxMessageIds / 2);
    ids.erase(ids.begin() + kept_front, ids.end() - kept_front);
  }
  return ids;
}

std::string make_message_id(Random& random, const Clock& clock, std::string_view domain) {
  return fmt::format("{:x}.{}@{}", clock.wall().time_since_epoch().count(), to_hex(random.bytes(12)), domain);
}

}  // namespace pabal::message
