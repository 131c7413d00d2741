// Any bytes as a header's text: it becomes one line of valid UTF-8, and what is written of that decodes to
// the same.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/header_writer.h"

using namespace pabal;
using namespace pabal::message;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t name_size = size > 0 ? std::min<std::size_t>(data[0] % 20, size) : 0;
  PABAL_CHECK(is_utf8(to_utf8(text.substr(name_size), text.substr(0, name_size))));

  const std::string decoded = decode_header_text(text, text.substr(0, name_size));
  PABAL_CHECK(is_utf8(decoded));
  const std::string words = encode_words(decoded, EncodedWordPlace::kPhrase);
  PABAL_CHECK(is_ascii(words));

  HeaderWriter writer;
  writer.add_text("Subject", decoded);
  PABAL_CHECK(is_ascii(writer.text()));
  const auto field = find_field(writer.text(), "Subject");
  PABAL_CHECK(field.has_value() && field->end == writer.text().size());
  // Controls become blanks, and blanks at the ends fall away.
  std::string want = decoded;
  std::ranges::replace_if(want, [](char c) { return is_control(c); }, ' ');
  const auto trimmed = [](std::string_view value) {
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return std::string(value);
  };
  PABAL_CHECK(trimmed(decode_header_text(field->value)) == trimmed(want));
  return 0;
}
