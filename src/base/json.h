// JSON (RFC 8259) as a value: for the control socket, for --json, and for what JMAP clients ask. Members of
// an object keep the order in which they were set, so that a script's output stays the same from one release
// to the next.
//
// Values; any thread. The library behind it is seen in json.cc alone.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace pabal {

/// Nothing that we speak about ourselves nests deeper than five levels; a stranger's thousand brackets cost
/// nothing.
inline constexpr std::size_t kMaxJsonDepth = 16;

struct JsonLimits {
  std::size_t max_depth = kMaxJsonDepth;
  /// I-JSON (RFC 7493 §2.3) refuses an object that names a member twice; otherwise the first one counts.
  bool unique_names = false;
};

class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  // NOLINTBEGIN(google-explicit-constructor): a literal in place of a Json is what a reader expects
  Json();  ///< null
  template <std::same_as<bool> Bool>
  Json(Bool value);
  template <std::integral Number>
    requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
  Json(Number value);
  Json(double value);
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  Json(Array items);
  Json(Object members);
  // NOLINTEND(google-explicit-constructor)
  static Json object(std::initializer_list<Member> members);
  static Json array();

  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  /// One whole value and nothing after it. kRefuse says what is wrong and where.
  static Result<Json> parse(std::string_view text, JsonLimits limits = {});
  /// On one line; never holds a line feed.
  std::string to_text() const;

  // What it is; a null pointer if it is something else.
  const bool* as_bool() const { return std::get_if<bool>(&value_); }
  const std::int64_t* as_number() const { return std::get_if<std::int64_t>(&value_); }
  const double* as_fraction() const { return std::get_if<double>(&value_); }
  const std::string* as_text() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }
  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

  /// The member of an object; null if this is no object or has none of that name.
  const Json* find(std::string_view name) const;
  /// Sets a member; a null becomes an object first.
  void set(std::string_view name, Json value);
  /// The same where it is known that no member is called so yet; this is an object.
  void append_member(Member member);
  /// Appends an item; a null becomes an array first.
  void push(Json value);

  bool operator==(const Json& other) const;

 private:
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object>;

  // A count beyond 2^63 is no count that we keep; a script reads the largest number instead.
  template <std::integral Number>
  static std::int64_t bounded(Number value) {
    return std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value) : INT64_MAX;
  }

  Value value_;
};

struct Json::Member {
  std::string name;
  Json value;
  bool operator==(const Member&) const = default;
};

template <std::same_as<bool> Bool>
Json::Json(Bool value) : value_(value) {}
template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
Json::Json(Number value) : value_(bounded(value)) {}

}  // namespace pabal
