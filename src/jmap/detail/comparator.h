// Comparators and filter operators, as all /query methods read them (RFC 8620 §5.5). Pure; any thread.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jmap/arguments.h"

namespace pabal::jmap::detail {

struct Comparator {
  std::string_view property;
  bool ascending = true;
  std::string_view keyword = {};  ///< of those that compare one (RFC 8621 §4.4.2)
};
/// unsupportedSort for a property outside `known` or a collation that we do not have. `with_keyword`: those
/// of `known` that need one.
std::expected<std::vector<Comparator>, MethodError> read_sort(
    Arguments& in, std::span<const std::string_view> known,
    std::span<const std::string_view> with_keyword = {});

/// More than mailbox::kMaxQueryDepth is refused by whoever reads it.
inline constexpr std::size_t kMaxFilterDepth = 40;
inline constexpr std::size_t kMaxFilterConditions = 500;

/// A tree of operators over conditions, which are each type's own.
template <class Condition>
struct Filter {
  enum class Kind : std::uint8_t { kCondition, kAnd, kOr, kNot } kind = Kind::kCondition;
  Condition condition{};
  std::vector<Filter> parts{};
};

/// `read(object)` gives std::expected<Condition, MethodError>.
template <class Condition, class Read>
std::expected<Filter<Condition>, MethodError> read_filter(const Json& json, const Read& read,
                                                          std::size_t& conditions, std::size_t depth = 0) {
  const auto refuse = [](std::string why) { return method_error("invalidArguments", "filter: " + why); };
  const Json::Object* members = json.as_object();
  if (members == nullptr) return refuse("must be an object");
  if (depth > kMaxFilterDepth) return method_error("unsupportedFilter", "it is too deep");
  if (++conditions > kMaxFilterConditions) return method_error("unsupportedFilter", "it is too large");
  using Tree = Filter<Condition>;
  Tree out;
  if (json.find("operator") == nullptr) {
    auto condition = read(*members);
    if (!condition) return std::unexpected(std::move(condition).error());
    out.condition = *std::move(condition);
    return out;
  }
  Arguments in(*members);
  const std::string_view name = in.required_text("operator");
  const Json::Array* parts = in.array("conditions");
  if (!in.complete() || parts == nullptr) return refuse("an operator has conditions, and nothing else");
  if (name == "AND") {
    out.kind = Tree::Kind::kAnd;
  } else if (name == "OR") {
    out.kind = Tree::Kind::kOr;
  } else if (name == "NOT") {
    out.kind = Tree::Kind::kNot;
  } else {
    return refuse("the operators are AND, OR and NOT");
  }
  for (const Json& part : *parts) {
    auto child = read_filter<Condition>(part, read, conditions, depth + 1);
    if (!child) return std::unexpected(std::move(child).error());
    out.parts.push_back(*std::move(child));
  }
  return out;
}

}  // namespace pabal::jmap::detail
