// Reads the stored forms of message/ as fast as they can be read: RecordReader's manners (the first unsound
// field spoils the rest, each field after it reads as empty), but all of it inline, because a FETCH of a
// hundred thousand structures reads some million fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pabal::message::detail {

class FormReader {
 public:
  explicit FormReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool sound() const { return sound_; }
  /// All was sound, and nothing is left.
  bool complete() const { return sound_ && at_ == end_; }
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  void spoil() {
    sound_ = false;
    at_ = end_;
  }

  std::uint8_t byte(std::uint8_t max) {
    if (at_ == end_ || static_cast<std::uint8_t>(*at_) > max) return spoil(), 0;
    return static_cast<std::uint8_t>(*at_++);
  }

  /// A varint.
  std::uint64_t number(std::uint64_t max = UINT64_MAX) {
    if (at_ == end_) return spoil(), 0;
    std::uint64_t value = static_cast<std::uint8_t>(*at_);
    if (value < 0x80) {
      ++at_;
    } else {
      value = long_number();
    }
    if (value > max) return spoil(), 0;
    return value;
  }

  /// A length and that many bytes, in place: never without data, even if it is empty.
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > static_cast<std::uint64_t>(end_ - at_)) spoil();
    if (!sound_) return {end_, 0};
    const std::string_view out(at_, static_cast<std::size_t>(size));
    at_ += size;
    return out;
  }

 private:
  std::uint64_t long_number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const std::uint64_t byte = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && (byte & 0x7f) > 1) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return spoil(), 0;
  }

  const char* at_;
  const char* end_;
  bool sound_ = true;
};

}  // namespace pabal::message::detail
