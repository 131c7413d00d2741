#include "mailbox/facts.h"

namespace pabal::mailbox {

std::string storable_facts(const message::LetterFacts& facts) {
  std::string bytes = message::encode_facts(facts);
  if (bytes.size() > store::kMaxValueBytes) bytes.clear();
  return bytes;
}

void shift_facts(message::LetterFacts& facts, std::uint64_t letter_bytes) {
  message::Structure& structure = facts.structure;
  if (letter_bytes <= structure.size) return;
  const std::uint64_t shift = letter_bytes - structure.size;
  for (message::Part& part : structure.parts) {
    part.header_begin += shift;
    part.body_begin += shift;
    part.body_end += shift;
  }
  if (!structure.parts.empty()) structure.parts.front().header_begin = 0;
  structure.size = letter_bytes;
}

}  // namespace pabal::mailbox
