// What is said over the control socket: JSON, one value a line.
//
//     asked      {"method":"account.add","params":{"address":"bob@example.org"}}
//     answered   {"item":{...}}        none or many: the members of a list
//                {"progress":"..."}    none or many: for a person who waits
//                {"result":{...}}      then one of these two, and the next request may follow
//                {"error":{"kind":"refuse","message":"..."}}
//
// Pure functions; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "base/result.h"

namespace pabal::app {

/// A group with all the members that one may have, written out, and room to spare.
inline constexpr std::size_t kMaxRequestBytes = 256 * 1024;
/// The metrics are the longest answer: some thousand lines.
inline constexpr std::size_t kMaxAnswerBytes = 4 * 1024 * 1024;

struct ControlRequest {
  std::string method;
  Json params;
};

struct ControlItem {
  Json item;
};
struct ControlProgress {
  std::string text;
};
/// The last line of an answer.
using ControlEnd = Result<Json>;
using ControlAnswer = std::variant<ControlItem, ControlProgress, ControlEnd>;

/// Each with its line feed.
std::string to_line(const ControlRequest& request);
std::string to_line(const ControlAnswer& answer);

// Without it. kRefuse says what is wrong with the line.
Result<ControlRequest> parse_request(std::string_view line);
Result<ControlAnswer> parse_answer(std::string_view line);

}  // namespace pabal::app
