// Reads a stored record field by field, and remembers whether all of it was sound. So a decoder is a plain
// list of fields with one question at its end:
//
//     RecordReader in(bytes, kVersion);
//     record.count = in.number(kMaxCount);
//     record.name = in.text();
//     if (!in.complete()) return damaged(...);
//
// The first unsound field spoils the record; each field after it reads as empty, so that loops end and what
// was read so far can be dropped. What is read whole and in order is all there is: `complete` is false while
// bytes are left. Fields are those of RecordWriter. Looks into the bytes it was given; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/cursor.h"

namespace pabal {

class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : in_(bytes) {}
  /// A record that begins with its version; any other version is unsound.
  RecordReader(std::string_view bytes, std::uint8_t version) : RecordReader(bytes) {
    if (u8() != version) spoil();
  }

  bool sound() const { return sound_; }
  /// Whether the whole record was read, and nothing is left.
  bool complete() const { return sound_ && in_.at_end(); }
  /// For what only the caller can see to be wrong.
  void spoil() { sound_ = false; }

  std::uint8_t u8(std::uint8_t max = UINT8_MAX) { return bounded(in_.take_u8(), max); }
  std::uint64_t u64() { return kept(in_.take_u64()); }
  bool flag() { return u8(1) == 1; }
  /// A varint.
  std::uint64_t number(std::uint64_t max = UINT64_MAX) { return bounded(in_.take_varint(), max); }
  std::uint32_t number32(std::uint32_t max = UINT32_MAX) { return static_cast<std::uint32_t>(number(max)); }
  std::uint16_t number16(std::uint16_t max = UINT16_MAX) { return static_cast<std::uint16_t>(number(max)); }
  WallTime time() { return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(u64()))); }

  /// Sized bytes, in place.
  std::string_view view(std::size_t max = SIZE_MAX) {
    const std::string_view bytes = kept(in_.take_sized());
    if (bytes.size() > max) spoil();
    return sound_ ? bytes : std::string_view();
  }
  std::string text(std::size_t max = SIZE_MAX) { return std::string(view(max)); }
  /// Bytes without a length of their own, in place.
  std::string_view bytes(std::size_t count) { return kept(in_.take_bytes(count)); }

  /// A byte as one of the enumerators from `first` to `last`.
  template <class Enum>
  Enum one_of(Enum first, Enum last) {
    const std::uint8_t value = u8(static_cast<std::uint8_t>(last));
    if (value < static_cast<std::uint8_t>(first)) spoil();
    return sound_ ? static_cast<Enum>(value) : first;
  }
  /// A flag, and if it is set the value that `read` reads.
  template <class Read>
  auto maybe(Read&& read) -> std::optional<decltype(read())> {
    if (!flag()) return std::nullopt;
    return read();
  }
  /// What the caller made of fields, as `in.kept(BlobId::from_bytes(in.bytes(32)))`: nothing is unsound.
  template <class T>
  T kept(std::optional<T> value) {
    if (!value) spoil();
    return sound_ ? *std::move(value) : T{};
  }

 private:
  template <class T>
  T bounded(std::optional<T> value, T max) {
    if (value && *value > max) spoil();
    return kept(value);
  }

  Cursor in_;
  bool sound_ = true;
};

}  // namespace pabal
