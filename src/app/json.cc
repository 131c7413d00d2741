#include "app/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace pabal::app {
namespace {

// Both directions recurse at most kMaxJsonDepth deep: the parser refuses more, and what we write is flat.
Result<Json> from_library(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return Json();
    case boost::json::kind::bool_:
      return Json(value.get_bool());
    case boost::json::kind::int64:
      return Json(value.get_int64());
    case boost::json::kind::uint64:
      return fail(ErrorKind::kRefuse, "a number is too large");
    case boost::json::kind::double_:
      return Json(value.get_double());
    case boost::json::kind::string:
      return Json(std::string_view(value.get_string()));
    case boost::json::kind::array: {
      Json::Array items;
      items.reserve(value.get_array().size());
      for (const auto& item : value.get_array()) {
        PABAL_TRY(Json converted, from_library(item));
        items.push_back(std::move(converted));
      }
      return Json(std::move(items));
    }
    case boost::json::kind::object: {
      Json::Object members;
      members.reserve(value.get_object().size());
      for (const auto& member : value.get_object()) {
        PABAL_TRY(Json converted, from_library(member.value()));
        members.push_back({std::string(member.key()), std::move(converted)});
      }
      return Json(std::move(members));
    }
  }
  return fail(ErrorKind::kRefuse, "not JSON");
}

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

Result<Json> Json::parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::error_code error;
  boost::json::parser parser({}, options);
  const std::size_t taken = parser.write_some(text.data(), text.size(), error);
  if (error) return fail(ErrorKind::kRefuse, "not JSON: {} at byte {}", error.message(), taken);
  if (taken != text.size()) return fail(ErrorKind::kRefuse, "not JSON: something follows at byte {}", taken);
  return from_library(parser.release());
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

void Json::push(Json value) {
  if (is_null()) value_ = Array();
  std::get<Array>(value_).push_back(std::move(value));
}

}  // namespace pabal::app
