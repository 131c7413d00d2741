// Ids and counts with types of their own, so that a Uid is never passed where a ModSeq is meant.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <functional>
#include <utility>

namespace pabal {

/// `using AccountId = Strong<struct AccountIdTag, std::uint64_t>;`
template <class Tag, class Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(std::move(value)) {}

  constexpr const Rep& value() const { return value_; }
  auto operator<=>(const Strong&) const = default;

 private:
  Rep value_{};
};

}  // namespace pabal

template <class Tag, class Rep>
struct std::hash<pabal::Strong<Tag, Rep>> {
  std::size_t operator()(const pabal::Strong<Tag, Rep>& id) const { return std::hash<Rep>{}(id.value()); }
};

template <class Tag, class Rep>
struct fmt::formatter<pabal::Strong<Tag, Rep>> : fmt::formatter<Rep> {
  template <class FormatContext>
  auto format(const pabal::Strong<Tag, Rep>& id, FormatContext& context) const {
    return fmt::formatter<Rep>::format(id.value(), context);
  }
};
