// A POP3 command line (RFC 1939 §3, RFC 2449 §4): a keyword in either case, and what stands behind it.
//
// Pure; any thread. What is read looks into the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pabal::pop3 {

struct CommandLine {
  std::string_view keyword;
  /// All behind the keyword's one space, as it came: PASS takes blanks too (RFC 1939 §7).
  std::string_view rest;
};
/// Any line is one, an empty one too.
CommandLine parse_command_line(std::string_view line);

// Arguments. Each takes the whole of `rest`, blanks around it aside, or fails with a sentence for people.

Result<void> parse_nothing(std::string_view rest);
/// Counts from 1.
Result<std::uint32_t> parse_message_number(std::string_view rest);
/// For LIST and UIDL, which may come without one.
Result<std::optional<std::uint32_t>> parse_optional_number(std::string_view rest);
struct TopArguments {
  std::uint32_t message;
  std::uint64_t lines;
};
Result<TopArguments> parse_top(std::string_view rest);

/// RFC 5034 §4. Without a mechanism clients ask for the list of them, as they did before CAPA was.
struct AuthArguments {
  std::string_view mechanism = {};
  std::optional<std::string> initial_response = {};  ///< decoded; `=` is an empty one
};
Result<AuthArguments> parse_auth(std::string_view rest);

}  // namespace pabal::pop3
