// Any bytes as a configuration: faults or a configuration, and what is shown of one reads back as the same.
#include <string>
#include <string_view>

#include "app/config.h"
#include "app/units.h"
#include "base/check.h"

using namespace pabal::app;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const ConfigSchema schema({"smtp", "imap"});
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto duration = parse_duration(text)) {
    PABAL_CHECK(parse_duration(print_duration(*duration)).value() == *duration);
  }
  if (const auto bytes = parse_size(text)) PABAL_CHECK(parse_size(print_size(*bytes)).value() == *bytes);

  const auto config = schema.parse(text, "/etc/pabal/pabal.toml");
  if (!config) {
    PABAL_CHECK(!config.error().empty());
    PABAL_CHECK(!to_string(config.error()).empty());
    return 0;
  }
  const auto again = schema.parse(schema.show(*config), "/etc/pabal/pabal.toml");
  PABAL_CHECK(again.has_value());
  PABAL_CHECK(schema.diff(config->values, again->values).empty());
  return 0;
}
