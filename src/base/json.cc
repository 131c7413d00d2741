#include "base/json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace pabal {
namespace {

/// Told of one thing after the other by the library's parser. Recursion ends at the parser's max_depth.
class JsonReader {
 public:
  // The parser asks for these names.
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;

  explicit JsonReader(bool unique_names) : unique_names_(unique_names) {}

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) {
    open_.push_back({Json(Json::Object()), std::move(name_)});
    return true;
  }
  bool on_object_end(std::size_t, Code& error) {
    if (unique_names_ && names_a_member_twice()) return refuse(error, "an object names a member twice");
    return close();
  }
  bool on_array_begin(Code&) {
    open_.push_back({Json(Json::Array()), std::move(name_)});
    return true;
  }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(Text part, std::size_t, Code&) { return keep(part); }
  bool on_key(Text part, std::size_t, Code&) {
    keep(part);
    name_ = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(Text part, std::size_t, Code&) { return keep(part); }
  bool on_string(Text part, std::size_t, Code&) {
    keep(part);
    return put(Json(std::exchange(text_, {})));
  }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t value, Text, Code&) { return put(Json(value)); }
  bool on_uint64(std::uint64_t, Text, Code& error) { return refuse(error, "a number is too large"); }
  bool on_double(double value, Text, Code&) { return put(Json(value)); }
  bool on_bool(bool value, Code&) { return put(Json(value)); }
  bool on_null(Code&) { return put(Json()); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

  Json take() { return std::move(whole_); }
  std::string_view why_refused() const { return why_refused_; }

 private:
  struct Open {
    Json value;
    std::string name;
  };

  bool keep(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool refuse(Code& error, std::string_view why) {
    why_refused_ = why;
    error = boost::json::make_error_code(boost::json::error::syntax);
    return false;
  }
  bool put(Json value) {
    if (open_.empty()) {
      whole_ = std::move(value);
    } else if (open_.back().value.as_array() != nullptr) {
      open_.back().value.push(std::move(value));
    } else {
      open_.back().value.append_member({std::move(name_), std::move(value)});
    }
    return true;
  }
  bool close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    name_ = std::move(closed.name);
    return put(std::move(closed.value));
  }
  bool names_a_member_twice() {
    names_.clear();
    for (const Json::Member& member : *open_.back().value.as_object()) names_.push_back(member.name);
    std::ranges::sort(names_);
    return std::ranges::adjacent_find(names_) != names_.end();
  }

  const bool unique_names_;
  std::vector<Open> open_;
  std::string name_;
  std::string text_;
  Json whole_;
  std::vector<std::string_view> names_;
  std::string_view why_refused_;
};

boost::json::value to_library(const Json& json) {
  if (const bool* value = json.as_bool()) return *value;
  if (const std::int64_t* value = json.as_number()) return *value;
  if (const double* value = json.as_fraction()) return *value;
  if (const std::string* value = json.as_text()) return boost::json::string(*value);
  if (const Json::Array* items = json.as_array()) {
    boost::json::array array;
    array.reserve(items->size());
    for (const Json& item : *items) array.push_back(to_library(item));
    return array;
  }
  if (const Json::Object* members = json.as_object()) {
    boost::json::object object;
    object.reserve(members->size());
    for (const Json::Member& member : *members) object.emplace(member.name, to_library(member.value));
    return object;
  }
  return nullptr;
}

}  // namespace

Json::Json() = default;
Json::Json(double value) : value_(value) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(Array items) : value_(std::move(items)) {}
Json::Json(Object members) : value_(std::move(members)) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;
bool Json::operator==(const Json& other) const { return value_ == other.value_; }

Json Json::array() { return Json(Array()); }

Json Json::object(std::initializer_list<Member> members) { return Json(Object(members)); }

Result<Json> Json::parse(std::string_view text, JsonLimits limits) {
  boost::json::parse_options options;
  options.max_depth = limits.max_depth;
  boost::json::error_code error;
  boost::json::basic_parser<JsonReader> parser(options, limits.unique_names);
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), error);
  if (error) {
    const std::string_view why = parser.handler().why_refused();
    return fail(ErrorKind::kRefuse, "not JSON: {} at byte {}", why.empty() ? error.message() : why, taken);
  }
  if (taken != text.size()) return fail(ErrorKind::kRefuse, "not JSON: something follows at byte {}", taken);
  return parser.handler().take();
}

std::string Json::to_text() const { return boost::json::serialize(to_library(*this)); }

const Json* Json::find(std::string_view name) const {
  const Object* members = as_object();
  if (!members) return nullptr;
  for (const Member& member : *members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

void Json::set(std::string_view name, Json value) {
  if (is_null()) value_ = Object();
  for (Member& member : std::get<Object>(value_)) {
    if (member.name == name) {
      member.value = std::move(value);
      return;
    }
  }
  std::get<Object>(value_).push_back({std::string(name), std::move(value)});
}

void Json::append_member(Member member) { std::get<Object>(value_).push_back(std::move(member)); }

void Json::push(Json value) {
  if (is_null()) value_ = Array();
  std::get<Array>(value_).push_back(std::move(value));
}

}  // namespace pabal
