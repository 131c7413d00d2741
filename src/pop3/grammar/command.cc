#include "pop3/grammar/command.h"

#include "base/cursor.h"
#include "base/encoding.h"

namespace pabal::pop3 {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_word(char c) { return !is_blank(c); }

// People type more blanks than the one that there should be.
std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::uint32_t> take_message_number(Cursor& in) {
  const auto number = in.take_number(UINT32_MAX);
  if (!number || *number == 0) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

CommandLine parse_command_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return {.keyword = line, .rest = {}};
  return {.keyword = line.substr(0, space), .rest = line.substr(space + 1)};
}

Result<void> parse_nothing(std::string_view rest) {
  if (!trim(rest).empty()) return fail(ErrorKind::kRefuse, "This command stands alone");
  return {};
}

Result<std::uint32_t> parse_message_number(std::string_view rest) {
  Cursor in(trim(rest));
  const auto number = take_message_number(in);
  if (!number || !in.at_end()) return fail(ErrorKind::kRefuse, "Name one message by its number, from 1 on");
  return *number;
}

Result<std::optional<std::uint32_t>> parse_optional_number(std::string_view rest) {
  if (trim(rest).empty()) return std::nullopt;
  PABAL_TRY(const std::uint32_t number, parse_message_number(rest));
  return number;
}

Result<TopArguments> parse_top(std::string_view rest) {
  Cursor in(trim(rest));
  const auto message = take_message_number(in);
  const bool apart = !in.take_while(is_blank).empty();
  const auto lines = in.take_number();
  if (!message || !apart || !lines || !in.at_end())
    return fail(ErrorKind::kRefuse, "TOP wants a message's number and how many lines of its text: TOP 1 10");
  return TopArguments{*message, *lines};
}

Result<AuthArguments> parse_auth(std::string_view rest) {
  Cursor in(trim(rest));
  AuthArguments out;
  out.mechanism = in.take_while(is_word);
  in.take_while(is_blank);
  if (in.at_end()) return out;
  const std::string_view response = in.rest();
  auto decoded = response == "=" ? std::optional<std::string>("") : from_base64(response);
  if (!decoded) return fail(ErrorKind::kRefuse, "The initial response is not base64");
  out.initial_response = *std::move(decoded);
  return out;
}

}  // namespace pabal::pop3
