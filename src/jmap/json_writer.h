// JSON answers, written straight into one buffer: no tree is built of what is only sent. Commas are put where
// they belong; whoever writes sees to it that what was begun is ended and that each key has a value.
//
//     out.begin_object().key("state").text(state).key("list").begin_array();
//     for (...) ...
//     out.end_array().end_object();
//
// One thread; never fails.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace pabal::jmap {

class JsonWriter {
 public:
  /// Appends to `out`, which outlives it.
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }

  JsonWriter& key(std::string_view name);
  /// Escaped as needed; what is no UTF-8 becomes U+FFFD.
  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& flag(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  JsonWriter& json(const Json& value);
  /// A whole value that is JSON already.
  JsonWriter& raw(std::string_view value);
  /// "2014-10-30T06:12:00Z": UTCDate (RFC 8620 §1.4).
  JsonWriter& utc_date(std::chrono::sys_seconds when);
  /// Date, with the zone of whoever wrote it.
  JsonWriter& date(std::chrono::sys_seconds utc, std::chrono::minutes offset);

  std::string& buffer() { return out_; }

 private:
  JsonWriter& begin(char bracket) {
    separate();
    out_.push_back(bracket);
    return *this;
  }
  JsonWriter& end(char bracket) {
    out_.push_back(bracket);
    return *this;
  }
  // What was written last tells whether a value stands before the next: strings, numbers and words end in
  // none of these.
  void separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':' && last != ',') out_.push_back(',');
  }

  std::string& out_;
};

}  // namespace pabal::jmap
