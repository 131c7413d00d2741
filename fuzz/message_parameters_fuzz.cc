// Any bytes as Content-Type, Content-Disposition and Content-Transfer-Encoding; parameters that are written
// read back as they were.
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/content_type.h"
#include "message/header.h"
#include "message/header_writer.h"
#include "message/transfer_encoding.h"

using namespace pabal;
using namespace pabal::message;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_transfer_encoding(text);
  const Disposition disposition = parse_disposition(text);
  PABAL_CHECK(is_utf8(parameter_text(disposition.parameters, "filename")));
  const ContentType type = parse_content_type(text);
  PABAL_CHECK(type.parameters.size() <= kMaxParameters);
  PABAL_CHECK(type.type.empty() == type.subtype.empty());
  for (const Parameter& parameter : type.parameters) {
    if (parameter.extended) PABAL_CHECK(is_utf8(parameter.value));
  }

  HeaderWriter writer;
  writer.add_parameterised("Content-Type", "text/plain", type.parameters);
  const auto field = find_field(writer.text(), "Content-Type");
  PABAL_CHECK(field.has_value() && field->end == writer.text().size());

  // A name in any script survives being written and read.
  const std::string name = to_utf8(text.substr(0, 300), "utf-8");
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return 0;
  }
  HeaderWriter file;
  file.add_parameterised("Content-Disposition", "attachment",
                         Parameters{{.name = "filename", .value = name}});
  const Disposition back = parse_disposition(find_field(file.text(), "Content-Disposition")->value);
  PABAL_CHECK(back.parameters.size() == 1 && back.parameters.front().value == name);
  return 0;
}
