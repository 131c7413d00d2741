// Any bytes as a letter: the structure is sound, does not depend on how the letter is cut, comes back from
// its stored form, and the letter can be made 7-bit or the reason is told. The stored form's reader gets the
// bytes too.
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/downgrade.h"
#include "message/letter.h"

using namespace pabal;
using namespace pabal::message;

namespace {

void check_sound(const Structure& structure) {
  PABAL_CHECK(!structure.parts.empty() && structure.parts.size() <= kMaxParts);
  PABAL_CHECK(structure.root().header_begin == 0 && structure.root().body_end == structure.size);
  for (PartIndex i = 0; i < structure.parts.size(); ++i) {
    const Part& part = structure.parts[i];
    PABAL_CHECK(part.header_begin <= part.body_begin && part.body_begin <= part.body_end);
    std::uint64_t at = part.body_begin;
    for (PartIndex child = structure.first_child(i); child != kNoPart;
         child = structure.next_sibling(child)) {
      PABAL_CHECK(structure.parts[child].parent == i && structure.parts[child].header_begin >= at);
      at = structure.parts[child].body_end;
    }
    PABAL_CHECK(at <= part.body_end);
  }
}

class CheckingSink final : public TextSink {
 public:
  void on_field(PartIndex, std::string_view, std::string_view text) override { PABAL_CHECK(is_utf8(text)); }
  void on_text(PartIndex, std::string_view text) override { PABAL_CHECK(is_utf8(text)); }
  void on_text_end(PartIndex) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view letter(reinterpret_cast<const char*>(data), size);
  CheckingSink sink;
  const LetterFacts facts = read_letter(letter, &sink);
  check_sound(facts.structure);
  PABAL_CHECK(is_utf8(facts.preview));

  const std::size_t piece = size > 0 ? data[0] % 61 + 1 : 1;
  LetterReader reader;
  for (std::size_t at = 0; at < letter.size(); at += piece) reader.feed(letter.substr(at, piece));
  PABAL_CHECK(reader.finish() == facts);
  PABAL_CHECK(decode_facts(encode_facts(facts)).value() == facts);
  if (const auto structure = decode_structure(letter)) check_sound(*structure);

  const DowngradePlan plan = plan_downgrade(facts.structure);
  const auto seven = downgrade(letter);
  PABAL_CHECK(seven.has_value() == plan.possible());
  if (!seven) return 0;
  if (!plan.header_8bit) PABAL_CHECK(is_ascii(*seven));
  const Structure after = parse_structure(*seven);
  PABAL_CHECK(!plan_downgrade(after).needed);
  return 0;
}
