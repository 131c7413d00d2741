// Any bytes as a letter, as stored facts, as a text: what is written is whole IMAP. Parentheses are balanced,
// strings end, literals are as long as they say, and nothing else ends a line.
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"
#include "imap/grammar/tokens.h"
#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_responses.h"
#include "imap/grammar/write_string.h"

using namespace pabal;
using namespace pabal::imap;

namespace {

/// One parenthesised value and nothing behind it.
void check_value(std::string_view text, bool utf8) {
  Cursor in(text);
  std::size_t open = 0;
  do {
    const char c = in.peek().value_or('\0');
    PABAL_CHECK(!in.at_end());
    if (in.take_char('(')) {
      ++open;
    } else if (in.take_char(')')) {
      PABAL_CHECK(open-- > 0);
    } else if (c == '"' || c == '{') {
      const std::size_t start = in.position();
      const auto string = parse_string(in, {.utf8 = utf8, .leniency = Leniency::none()});
      PABAL_CHECK(string || text.size() > kMaxStringBytes);
      if (!string) return;
      // Bytes over ASCII stand in quotes only for those who agreed.
      const bool quoted_ascii = is_ascii(text.substr(start, in.position() - start));
      PABAL_CHECK(c == '{' || utf8 || quoted_ascii);
    } else {
      PABAL_CHECK(is_alnum(c) || c == ' ');
      in.take();
    }
  } while (open > 0);
  PABAL_CHECK(in.at_end());
}

void check_facts(const message::FactsView& facts, const Dialect& dialect) {
  std::string out;
  if (append_envelope(out, facts.envelope, dialect)) check_value(out, dialect.utf8);
  for (const BodyForm form : {BodyForm::kBody, BodyForm::kBodyStructure}) {
    out.clear();
    const auto written = append_body(out, facts, form, dialect);
    PABAL_CHECK(written || out.empty());
    if (written) check_value(out, dialect.utf8);
  }
}

void check_threads(std::string_view bytes) {
  std::vector<ThreadNode> nodes;
  std::uint32_t depth = 0;
  for (const char c : bytes) {
    depth = std::min<std::uint32_t>(static_cast<unsigned char>(c) & 7, nodes.empty() ? 0 : depth + 1);
    nodes.push_back({static_cast<std::uint32_t>(nodes.size() + 1), depth});
  }
  std::string out;
  append_thread(out, nodes);
  int open = 0;
  for (const char c : out) {
    open += c == '(' ? 1 : c == ')' ? -1 : 0;
    PABAL_CHECK(open >= 0);
  }
  PABAL_CHECK(open == 0 && out.ends_with("\r\n") && out.find("()") == out.npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Dialect dialects[] = {{}, {.utf8 = true}, {.raw_headers = RawHeaders::kEncodedWords}};
  for (const Dialect& dialect : dialects) {
    std::string out;
    append_string(out, bytes, dialect);
    Cursor in(out);
    const auto again = parse_string(in, {.utf8 = true, .leniency = Leniency::none()});
    PABAL_CHECK(size > kMaxStringBytes || (again && in.at_end()));
    PABAL_CHECK(!again || *again == bytes || bytes.find('\0') != bytes.npos);

    if (const auto facts = message::view_facts(bytes)) check_facts(*facts, dialect);
    const std::string encoded = encode_facts(message::read_letter(bytes));
    const auto facts = message::view_facts(encoded);
    PABAL_CHECK(facts.has_value());
    out.clear();
    PABAL_CHECK(append_envelope(out, facts->envelope, dialect).has_value());
    PABAL_CHECK(append_body(out, *facts, BodyForm::kBodyStructure, dialect).has_value());
    check_facts(*facts, dialect);
  }
  check_threads(bytes);
  return 0;
}
