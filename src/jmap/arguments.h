// Arguments of a method, or properties of a record, read into values one by one, with one question at the end
// (as base/record_reader.h does it with bytes):
//
//     Arguments in(call.arguments);
//     const auto position = in.integer("position").value_or(0);
//     const bool collapse = in.flag("collapseThreads", false);
//     if (!in.complete()) return in.error();
//
// What has the wrong type, is missing, or that nobody asked for is remembered by its name; it then reads as
// absent. Null is absent. Looks into the object, which outlives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "jmap/error.h"

namespace pabal::jmap {

/// RFC 8620 §1.3: what a JSON number can hold everywhere.
inline constexpr std::int64_t kMaxInteger = (std::int64_t{1} << 53) - 1;
/// RFC 8620 §1.2
inline constexpr std::size_t kMaxIdBytes = 255;
bool is_id(std::string_view text);

class Arguments {
 public:
  explicit Arguments(const Json::Object& members);

  /// As it stands; null if it is absent or JSON's null.
  const Json* value(std::string_view name);
  /// Whether it is there, be it null.
  bool has(std::string_view name) const;

  std::optional<std::string_view> text(std::string_view name);
  std::string_view required_text(std::string_view name);
  std::optional<std::string_view> id(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  bool flag(std::string_view name, bool fallback) { return boolean(name).value_or(fallback); }
  std::optional<std::int64_t> integer(std::string_view name);
  std::optional<std::uint64_t> unsigned_integer(std::string_view name);
  std::optional<std::vector<std::string_view>> texts(std::string_view name);
  /// Id[]; each must be an Id.
  std::optional<std::vector<std::string_view>> ids(std::string_view name);
  const Json::Object* object(std::string_view name);
  const Json::Array* array(std::string_view name);
  /// UTCDate
  std::optional<std::chrono::sys_seconds> utc_date(std::string_view name);
  /// String[Boolean] or Id[Boolean], where every value is true.
  std::optional<std::vector<std::string_view>> set(std::string_view name);

  /// For what only the caller can see to be wrong.
  void spoil(std::string_view name, std::string why);
  /// Members that are not looked at by anybody, and are no fault.
  void pass_over(std::string_view name) { find(name); }

  /// All was read, and all was right.
  bool complete();
  /// What is wrong, once complete() said so.
  std::unexpected<MethodError> error() const;
  std::unexpected<SetError> set_error() const;

 private:
  const Json* find(std::string_view name);

  const Json::Object& members_;
  std::vector<bool> seen_;
  std::vector<std::string> wrong_;
  std::string why_;
};

/// RFC 3339 in UTC, as UTCDate has it.
std::optional<std::chrono::sys_seconds> parse_utc_date(std::string_view text);
/// The same with any zone: Date.
struct ZonedDate {
  std::chrono::sys_seconds utc;
  std::chrono::minutes offset;
};
std::optional<ZonedDate> parse_zoned_date(std::string_view text);

}  // namespace pabal::jmap
