// Fields of a header as RFC 5322 wants them written: folded at 78 columns where there is a blank to fold at,
// never over 998, other scripts as encoded words or, for letters that travel by SMTPUTF8, as they are (RFC
// 6532). No value can begin another field: line ends and other controls in it become blanks.
//
// A writer belongs to one thread at a time and never fails.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "message/address_list.h"
#include "message/content_type.h"
#include "message/date.h"

namespace pabal::message {

class HeaderWriter {
 public:
  enum class Script : unsigned char { kAscii, kUtf8 };

  static constexpr std::size_t kSoftColumns = 78;  ///< RFC 5322 §2.1.1

  explicit HeaderWriter(Script script = Script::kAscii) : script_(script) {}

  /// Unstructured text: Subject, Comments. `text` is UTF-8.
  void add_text(std::string_view name, std::string_view text);
  /// Names in UTF-8. An address outside ASCII is written as it is: there is no other way (RFC 6532 §3.2).
  void add_addresses(std::string_view name, std::span<const Address> addresses);
  void add_date(std::string_view name, const DateTime& date);
  /// Ids without brackets, which are put around them.
  void add_message_ids(std::string_view name, std::span<const std::string> ids);
  /// A value with parameters: Content-Type, Content-Disposition. Parameter values are UTF-8 and are written
  /// bare, quoted, in pieces or percent-encoded (RFC 2231) as each needs.
  void add_parameterised(std::string_view name, std::string_view value,
                         std::span<const Parameter> parameters);
  /// What is already in the field's own grammar; folded at its blanks.
  void add_structured(std::string_view name, std::string_view value);

  /// The fields, each with its line end, without the empty line.
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void begin_field(std::string_view name);
  void put_word(std::string_view word);
  void put_words(std::string_view words);
  void put_phrase(std::string_view phrase, std::string_view behind);
  void end_field();
  std::string percent_parameter(std::string_view name, std::string_view value) const;

  Script script_;
  std::string out_;
  std::size_t column_ = 0;
  bool line_has_word_ = false;
};

/// A string in quotes, its quotes and backslashes escaped; controls become blanks.
std::string quote_string(std::string_view text);

}  // namespace pabal::message
