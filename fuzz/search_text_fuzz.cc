// Any text, and any piece of it as a needle: it folds the same however it is cut, the index has all that it
// would look for, and the scan finds it.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "mailbox/search/grams.h"
#include "mailbox/search/needles.h"
#include "message/casemap.h"

using namespace pabal;
using namespace pabal::mailbox::search;

namespace {

bool is_cut(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 4) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::string text = message::fold_case(raw);
  PABAL_CHECK(message::fold_case(text) == text);
  std::string pieces;
  message::CaseFolder folder;
  const std::size_t cut = data[0] % (raw.size() + 1);
  folder.fold(raw.substr(0, cut), pieces);
  folder.fold(raw.substr(cut), pieces);
  folder.finish(pieces);
  PABAL_CHECK(pieces == text);

  std::size_t begin = data[1] % text.size();
  std::size_t end = begin + 1 + data[2] % (text.size() - begin);
  while (is_cut(text, begin)) --begin;
  while (is_cut(text, end)) ++end;
  const std::string needle = text.substr(begin, end - begin);

  std::vector<Gram> grams;
  GramReader reader;
  const auto emit = [&](Gram gram) { grams.push_back(gram); };
  std::size_t middle = text.size() / 2;
  while (is_cut(text, middle)) --middle;
  reader.feed(std::string_view(text).substr(0, middle), emit);
  reader.feed(std::string_view(text).substr(middle), emit);
  reader.end(emit);
  for (const Term& term : terms_of(needle)) {
    PABAL_CHECK(
        std::ranges::any_of(grams, [&](Gram gram) { return gram >= term.first && gram <= term.last; }));
  }

  const Needle wanted{.where = Needle::Where::kBody, .text = needle};
  NeedleScan scan(std::span(&wanted, 1));
  std::size_t part = 0;
  while (part < text.size()) {
    std::size_t next = std::min(text.size(), part + 1 + data[1] % 7);
    while (is_cut(text, next)) ++next;
    scan.sink().on_text(1, std::string_view(text).substr(part, next - part));
    part = next;
  }
  scan.sink().on_text_end(1);
  PABAL_CHECK(scan.finish()[0]);
  return 0;
}
