// Any bytes as a search, a sort, a thread command: the tree is never deeper nor larger than promised, and
// every set in it is there.
#include <algorithm>
#include <string_view>
#include <tuple>
#include <variant>

#include "base/check.h"
#include "base/utf8.h"
#include "imap/grammar/search_command.h"

using namespace pabal;
using namespace pabal::imap;
namespace query = pabal::mailbox::query;

namespace {

struct Walk {
  const SearchProgram& program;
  std::size_t depth = 1;
  std::size_t deepest = 0;
  std::size_t conditions = 0;

  void walk(const mailbox::Query& node) {
    deepest = std::max(deepest, depth);
    ++depth;
    std::visit(*this, node.is);
    --depth;
  }
  void walk_all(const std::vector<mailbox::Query>& parts) {
    for (const mailbox::Query& part : parts) walk(part);
  }
  void operator()(const query::And& node) {
    PABAL_CHECK(node.parts.size() > 1);
    walk_all(node.parts);
  }
  void operator()(const query::Or& node) {
    PABAL_CHECK(node.parts.size() > 1);
    walk_all(node.parts);
  }
  void operator()(const query::Not& node) {
    PABAL_CHECK(node.part.size() == 1);
    walk_all(node.part);
  }
  void operator()(const query::InSet& node) {
    PABAL_CHECK(node.set < program.sets.size());
    ++conditions;
  }
  void operator()(const query::HeaderHas& node) {
    PABAL_CHECK(!node.name.empty() && is_utf8(node.text));
    ++conditions;
  }
  void operator()(const query::BodyHas& node) {
    PABAL_CHECK(!node.text.empty() && is_utf8(node.text));
    ++conditions;
  }
  void operator()(const query::TextHas& node) {
    PABAL_CHECK(!node.text.empty() && is_utf8(node.text));
    ++conditions;
  }
  void operator()(const auto&) { ++conditions; }
};

void check(const SearchProgram& program) {
  Walk walk{.program = program};
  walk.walk(program.query);
  PABAL_CHECK(walk.deepest <= mailbox::kMaxQueryDepth);
  PABAL_CHECK(walk.conditions <= mailbox::kMaxQueryConditions);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Dialect& dialect : {Dialect{}, Dialect{.leniency = Leniency::none()}, Dialect{.utf8 = true}}) {
    Cursor keys(text);
    if (const auto program = parse_search_program(keys, dialect)) check(*program);
    Cursor search(text);
    if (const auto command = parse_search(search, dialect)) check(command->program);
    Cursor sort(text);
    if (const auto command = parse_sort(sort, dialect)) check(command->program);
    Cursor thread(text);
    if (const auto command = parse_thread(thread, dialect)) check(command->program);
    Cursor esearch(text);
    if (const auto command = parse_esearch(esearch, dialect)) check(command->program);
    Cursor cancel(text);
    std::ignore = parse_cancelupdate(cancel, dialect);
  }
  return 0;
}
