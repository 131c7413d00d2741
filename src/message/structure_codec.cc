// The stored form of a structure. Numbers are varints, strings a varint length and their bytes:
//
//     version (1 byte)  size  count  then for each part
//       distance to the parent, 0 for the root
//       header_begin - the parent's header_begin   header size   body size   body lines
//       traits (1 byte, bit 0 header_8bit, 1 body_8bit, 2 body_nul, 3 long_lines)   encoding (1 byte)
//       type  subtype  parameters  disposition type  its parameters  encoding_name  id  description  md5
//       location count of languages, languages
//     parameters: count, then name, value, extended (1 byte)
//
// What follows from the rest (subtree_end) is not stored.

#include <algorithm>

#include "base/cursor.h"
#include "message/structure.h"

namespace pabal::message {
namespace {

constexpr std::uint8_t kVersion = 1;

void append_parameters(std::string& out, const Parameters& parameters) {
  append_varint(out, parameters.size());
  for (const Parameter& parameter : parameters) {
    append_sized(out, parameter.name);
    append_sized(out, parameter.value);
    append_u8(out, parameter.extended);
  }
}

void append_part(std::string& out, const Structure& structure, PartIndex index) {
  const Part& part = structure.parts[index];
  const bool is_root = part.parent == kNoPart;
  append_varint(out, is_root ? 0 : index - part.parent);
  append_varint(out, part.header_begin - (is_root ? 0 : structure.parts[part.parent].header_begin));
  append_varint(out, part.header_size());
  append_varint(out, part.body_size());
  append_varint(out, part.body_lines);
  const Part::Traits& traits = part.traits;
  append_u8(out, static_cast<std::uint8_t>(traits.header_8bit | traits.body_8bit << 1 | traits.body_nul << 2 |
                                           traits.long_lines << 3));
  append_u8(out, static_cast<std::uint8_t>(part.encoding));
  append_sized(out, part.type);
  append_sized(out, part.subtype);
  append_parameters(out, part.parameters);
  append_sized(out, part.disposition.type);
  append_parameters(out, part.disposition.parameters);
  for (const std::string* text :
       {&part.encoding_name, &part.id, &part.description, &part.md5, &part.location}) {
    append_sized(out, *text);
  }
  append_varint(out, part.languages.size());
  for (const std::string& language : part.languages) append_sized(out, language);
}

/// Reads like a Cursor, and remembers that something was missing, so that a part is read in one go.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : cursor_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return cursor_.at_end(); }
  std::uint64_t number(std::uint64_t max = UINT64_MAX / 4) {
    const auto value = cursor_.take_varint();
    good_ = good_ && value && *value <= max;
    return good_ ? *value : 0;
  }
  std::uint8_t byte(std::uint8_t max) {
    const auto value = cursor_.take_u8();
    good_ = good_ && value && *value <= max;
    return good_ ? *value : 0;
  }
  std::string text() {
    const auto value = cursor_.take_sized();
    good_ = good_ && value;
    return good_ ? std::string(*value) : std::string();
  }
  Parameters parameters() {
    Parameters out;
    const std::uint64_t count = number(kMaxParameters);
    for (std::uint64_t i = 0; i < count && good_; ++i) {
      Parameter& parameter = out.emplace_back();
      parameter.name = text();
      parameter.value = text();
      parameter.extended = byte(1) != 0;
    }
    return out;
  }

 private:
  Cursor cursor_;
  bool good_ = true;
};

bool read_part(Reader& reader, Structure& structure) {
  const auto index = static_cast<PartIndex>(structure.parts.size());
  const auto distance = static_cast<PartIndex>(reader.number(index));
  if ((distance == 0) != (index == 0)) return false;
  Part& part = structure.parts.emplace_back();
  std::uint64_t limit = structure.size;
  if (index > 0) {
    part.parent = index - distance;
    const Part& parent = structure.parts[part.parent];
    part.header_begin = parent.header_begin;
    limit = parent.body_end;
  }
  part.header_begin += reader.number();
  part.body_begin = part.header_begin + reader.number();
  part.body_end = part.body_begin + reader.number();
  // Whoever reads a range of the letter by these offsets must not be led outside of it.
  if (!reader.good() || part.body_end > limit) return false;
  part.body_lines = reader.number();
  const std::uint8_t traits = reader.byte(15);
  part.traits = {.header_8bit = (traits & 1) != 0,
                 .body_8bit = (traits & 2) != 0,
                 .body_nul = (traits & 4) != 0,
                 .long_lines = (traits & 8) != 0};
  part.encoding =
      static_cast<TransferEncoding>(reader.byte(static_cast<std::uint8_t>(TransferEncoding::kUnknown)));
  part.type = reader.text();
  part.subtype = reader.text();
  part.parameters = reader.parameters();
  part.disposition.type = reader.text();
  part.disposition.parameters = reader.parameters();
  for (std::string* text : {&part.encoding_name, &part.id, &part.description, &part.md5, &part.location}) {
    *text = reader.text();
  }
  const std::uint64_t languages = reader.number(kMaxParameters);
  for (std::uint64_t i = 0; i < languages && reader.good(); ++i) part.languages.push_back(reader.text());
  return reader.good();
}

/// Parts stand in the order of the tree exactly when each part's parent is the one before it or one of that
/// one's own ancestors. Fills in subtree_end on the way, and sees that no part reaches into its neighbour.
bool link(Structure& structure) {
  auto& parts = structure.parts;
  for (PartIndex i = 1; i < parts.size(); ++i) {
    PartIndex at = i - 1;
    std::uint64_t earliest = parts[parts[i].parent].body_begin;
    while (at != kNoPart && at != parts[i].parent) {
      parts[at].subtree_end = i;
      earliest = parts[at].body_end;  // in the end that of the sibling in front
      at = parts[at].parent;
    }
    if (at == kNoPart || parts[i].header_begin < earliest) return false;
  }
  const auto count = static_cast<PartIndex>(parts.size());
  for (PartIndex at = count - 1; at != kNoPart; at = parts[at].parent) parts[at].subtree_end = count;
  return true;
}

}  // namespace

std::string encode_structure(const Structure& structure) {
  std::string out;
  append_u8(out, kVersion);
  append_varint(out, structure.size);
  append_varint(out, structure.parts.size());
  for (PartIndex i = 0; i < structure.parts.size(); ++i) append_part(out, structure, i);
  return out;
}

Result<Structure> decode_structure(std::string_view bytes) {
  Reader reader(bytes);
  const std::uint8_t version = reader.byte(UINT8_MAX);
  if (!reader.good() || version != kVersion) {
    return fail(ErrorKind::kCorrupt,
                "the structure of a letter is in form {}, and this program reads form {}", version, kVersion);
  }
  Structure structure;
  structure.size = reader.number();
  const std::uint64_t count = reader.number(kMaxParts);
  bool good = reader.good() && count > 0;
  for (std::uint64_t i = 0; i < count && good; ++i) good = read_part(reader, structure);
  good = good && structure.root().header_begin == 0 && structure.root().body_end == structure.size;
  if (!good || !reader.at_end() || !link(structure)) {
    return fail(ErrorKind::kCorrupt, "the stored structure of a letter is damaged");
  }
  return structure;
}

}  // namespace pabal::message
