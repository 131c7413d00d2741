// A TOML text as a tree of values with their places. The door to the TOML library: nothing else sees it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pabal::app {

struct TextPlace {
  unsigned line = 0;  ///< from 1
  unsigned column = 0;
};

struct ConfigNode {
  struct Member;
  using Table = std::vector<Member>;
  using List = std::vector<ConfigNode>;
  /// A date or a time: TOML has them, no option does.
  struct Moment {};

  std::variant<Table, List, std::string, std::int64_t, double, bool, Moment> value;
  TextPlace place;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
  /// "a string", for faults.
  std::string_view kind_name() const;
};

struct ConfigNode::Member {
  std::string key;
  TextPlace key_place;
  ConfigNode node;
};

struct SyntaxFault {
  TextPlace place;
  std::string message;
};

/// The root table, or the first place where the text is not TOML.
std::expected<ConfigNode, SyntaxFault> parse_toml(std::string_view text);

/// As a TOML string, in quotes.
std::string quote_toml(std::string_view text);

}  // namespace pabal::app
