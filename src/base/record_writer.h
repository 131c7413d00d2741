// Writes a stored record field by field, as RecordReader reads it: big-endian numbers of a fixed width,
// varints, texts with their length, times as microseconds since 1970. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/cursor.h"

namespace pabal {

class RecordWriter {
 public:
  RecordWriter() = default;
  /// A record that begins with its version. `size_hint` saves allocations.
  explicit RecordWriter(std::uint8_t version, std::size_t size_hint = 0) {
    bytes_.reserve(size_hint);
    u8(version);
  }

  RecordWriter& u8(std::uint8_t value) {
    append_u8(bytes_, value);
    return *this;
  }
  RecordWriter& u64(std::uint64_t value) {
    append_u64(bytes_, value);
    return *this;
  }
  RecordWriter& flag(bool value) { return u8(value ? 1 : 0); }
  /// A varint.
  RecordWriter& number(std::uint64_t value) {
    append_varint(bytes_, value);
    return *this;
  }
  RecordWriter& time(WallTime value) {
    return u64(static_cast<std::uint64_t>(value.time_since_epoch().count()));
  }
  RecordWriter& text(std::string_view value) {
    append_sized(bytes_, value);
    return *this;
  }
  /// Without their length, since the reader knows it.
  RecordWriter& bytes(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  /// A flag, and the value if there is one.
  template <class T, class Write>
  RecordWriter& maybe(const std::optional<T>& value, Write&& write) {
    flag(value.has_value());
    if (value) write(*value);
    return *this;
  }

  std::string finish() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace pabal
