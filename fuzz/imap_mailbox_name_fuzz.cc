// Any bytes as a name: modified UTF-7 has one form for each name, and a pattern is matched as the plainest
// algorithm would.
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"
#include "imap/grammar/mailbox_name.h"

using namespace pabal;
using namespace pabal::imap;

namespace {

/// By trying everything; only for short texts.
bool matches_plainly(std::string_view pattern, std::string_view name, std::size_t any_case) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*' || pattern[0] == '%') {
    if (matches_plainly(pattern.substr(1), name, any_case)) return true;
    if (name.empty() || (pattern[0] == '%' && name[0] == '/')) return false;
    return matches_plainly(pattern, name.substr(1), any_case > 0 ? any_case - 1 : 0);
  }
  if (name.empty()) return false;
  const bool same =
      pattern[0] == name[0] || (any_case > 0 && (pattern[0] | 0x20) == (name[0] | 0x20) && is_alpha(name[0]));
  return same && matches_plainly(pattern.substr(1), name.substr(1), any_case > 0 ? any_case - 1 : 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto name = from_modified_utf7(text)) {
    PABAL_CHECK(is_utf8(*name));
    PABAL_CHECK(to_modified_utf7(*name) == text);
  }
  const std::string wire = to_modified_utf7(text);
  PABAL_CHECK(from_modified_utf7(wire) == repair_utf8(text));
  PABAL_CHECK(!is_utf8(text) || from_modified_utf7(wire) == text);

  for (const Dialect& dialect : {Dialect{}, Dialect{.utf8 = true}}) {
    Cursor in(text);
    const auto name = parse_mailbox(in, dialect);
    if (!name) continue;
    std::string out;
    append_mailbox(out, *name, dialect);
    Cursor again(out);
    const auto back = parse_mailbox(again, dialect);
    // A "/" at the end is taken off each time.
    PABAL_CHECK(name->ends_with('/') || (back && *back == *name));
  }

  const std::size_t middle = text.find('\n');
  if (middle != text.npos && size <= 24) {
    const std::string_view pattern = text.substr(0, middle);
    const std::string_view name = text.substr(middle + 1);
    const ListPattern compiled("", pattern);
    const std::size_t any_case = is_inbox(name.substr(0, name.find('/'))) ? 5 : 0;
    PABAL_CHECK(compiled.matches(name) == matches_plainly(compiled.text(), name, any_case));
  }
  return 0;
}
