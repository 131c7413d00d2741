// The letters that every server gets: the same number is the same letter, byte for byte, on every machine.
//
// About 4 KiB each, English and Korean, from a few hundred senders; answers to earlier ones, so that there
// are threads; plain text, text with HTML beside it, text with an attachment. Ten letters of a corpus hold a
// word that is in no other, ten more a Korean one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::bench {

class Letters {
 public:
  static constexpr std::string_view kRareWord = "zephyrine";
  static constexpr std::string_view kRareKorean = "해오라기";
  static constexpr std::uint32_t kRareLetters = 10;
  static constexpr std::uint32_t kSenders = 300;

  /// A corpus of `count` letters, numbered from 0. Numbers beyond are letters too, without rare words.
  explicit Letters(std::uint32_t count);

  /// With CRLF line ends, as APPEND takes it. `salt` makes letters that differ from those of another salt.
  std::string letter(std::uint32_t number, std::uint32_t salt = 0) const;
  /// As APPEND's date-time, with its quotes.
  std::string internal_date(std::uint32_t number) const;

  // What a server must find, so that a wrong answer is no fast answer. Letters count from 1, as in a folder.
  std::vector<std::uint32_t> with_rare_word() const;
  std::vector<std::uint32_t> with_rare_korean() const;
  std::vector<std::uint32_t> from(std::uint32_t sender) const;
  std::uint32_t threads() const;
  static std::string address(std::uint32_t sender);
  static std::uint32_t sender(std::uint32_t number);

 private:
  std::uint32_t parent(std::uint32_t number) const {
    return number < parents_.size() ? parents_[number] : number;
  }
  std::uint32_t root(std::uint32_t number) const;
  bool holds(std::uint32_t number, std::uint32_t where) const;
  std::string body(std::uint32_t number, std::uint32_t salt, std::size_t header_bytes) const;

  const std::uint32_t count_;
  std::vector<std::uint32_t> parents_;  // what each letter answers; itself, where a thread begins
};

}  // namespace pabal::bench
