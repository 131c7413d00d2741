// A bounds-checked walk over bytes that somebody else wrote. Grammar functions take a Cursor&, and
// leave it where they stopped; nothing here can read past the end.
//
// Bytes are chars and views of bytes are std::string_view in the whole house: mail is mostly text,
// and one type saves a cast at every border.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pabal {

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return position_ == text_.size(); }
  std::size_t position() const { return position_; }
  std::string_view rest() const { return text_.substr(position_); }
  void rewind_to(std::size_t position) { position_ = position < text_.size() ? position : text_.size(); }

  /// The next byte without taking it; nothing at the end.
  std::optional<char> peek() const { return at_end() ? std::nullopt : std::optional(text_[position_]); }
  bool peek_is(char c) const { return !at_end() && text_[position_] == c; }

  /// Takes one byte, or exactly `c`, or exactly `word`; leaves the cursor alone when it can't.
  std::optional<char> take();
  bool take_char(char c);
  bool take_word(std::string_view word);
  /// ABNF strings are case-insensitive (RFC 5234 §2.3).
  bool take_word_ignoring_case(std::string_view word);

  /// Exactly `count` bytes, or nothing when fewer are left.
  std::optional<std::string_view> take_bytes(std::size_t count);

  template <class Predicate>
  std::string_view take_while(Predicate&& accepts) {
    const std::size_t start = position_;
    while (position_ < text_.size() && accepts(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }

  /// 1*DIGIT as a number of at most `max`; nothing for no digit or a larger number.
  std::optional<std::uint64_t> take_number(std::uint64_t max = UINT64_MAX);

  /// Binary forms, big-endian, so that encoded keys sort as their numbers do.
  std::optional<std::uint8_t> take_u8();
  std::optional<std::uint16_t> take_u16();
  std::optional<std::uint32_t> take_u32();
  std::optional<std::uint64_t> take_u64();
  /// A LEB128 number as append_varint writes it; longer than ten bytes or over 64 bits is nothing.
  std::optional<std::uint64_t> take_varint();
  /// A varint length and that many bytes.
  std::optional<std::string_view> take_sized();

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

void append_u8(std::string& out, std::uint8_t value);
void append_u16(std::string& out, std::uint16_t value);
void append_u32(std::string& out, std::uint32_t value);
void append_u64(std::string& out, std::uint64_t value);
void append_varint(std::string& out, std::uint64_t value);
void append_sized(std::string& out, std::string_view bytes);

}  // namespace pabal
