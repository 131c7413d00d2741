// A letter built from any bytes parses to the parts that it was built from.
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "message/builder.h"
#include "message/charset.h"
#include "message/letter.h"

using namespace pabal;
using namespace pabal::message;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 4) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data + 4), size - 4);
  const std::string subject(all.substr(0, all.size() * data[0] / 1024));
  const std::string text(all.substr(subject.size(), all.size() * data[1] / 512));
  const std::string bytes(all.substr(subject.size() + text.size()));
  const bool allow_8bit = (data[2] & 1) != 0;

  SeededRandom random(data[3]);
  HeaderWriter header;
  header.add_text("Subject", subject);
  const Entity body = Entity::multipart(
      "mixed", {Entity::text(text), Entity::bytes("application", "x-data", bytes).as_attachment(subject),
                Entity::letter(bytes)});
  const std::string letter = build_letter(header.take(), body, random, {.allow_8bit = allow_8bit});
  if (!allow_8bit) PABAL_CHECK(is_ascii(letter));
  const LetterFacts facts = read_letter(letter);
  const auto& parts = facts.structure.parts;
  PABAL_CHECK(parts.size() >= 4);
  PABAL_CHECK(parts[0].is("multipart", "mixed") && parts[1].is("text", "plain") &&
              parts[2].is("application", "x-data"));
  PABAL_CHECK(decode_transfer(std::string_view(letter).substr(parts[2].body_begin, parts[2].body_size()),
                              parts[2].encoding) == bytes);
  const PartIndex third = parts[2].subtree_end;
  PABAL_CHECK(parts[third].is_message() && parts[third].parent == 0 &&
              parts[third].subtree_end == parts.size());
  return 0;
}
