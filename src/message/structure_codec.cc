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
#include "message/facts_view.h"
#include "message/structure.h"

namespace pabal::message {
namespace {

constexpr std::uint8_t kVersion = 1;
/// So that sums of some of them are numbers too.
constexpr std::uint64_t kMaxNumber = UINT64_MAX / 4;

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

Parameters copied(const ListView<ParameterView>& parameters) {
  Parameters out;
  out.reserve(parameters.size());
  for (const ParameterView& each : parameters)
    out.push_back(
        {.name = std::string(each.name), .value = std::string(each.value), .extended = each.extended});
  return out;
}

/// False for offsets that lead out of the part around it: whoever reads a range of the letter by them must
/// not be led there.
bool add_part(Structure& structure, const PartView& view) {
  Part& part = structure.parts.emplace_back();
  std::uint64_t limit = structure.size;
  part.parent = view.parent;
  if (view.parent != kNoPart) {
    const Part& parent = structure.parts[view.parent];
    part.header_begin = parent.header_begin;
    limit = parent.body_end;
  }
  part.header_begin += view.header_begin;
  part.body_begin = part.header_begin + view.header_size;
  part.body_end = part.body_begin + view.body_size;
  if (part.body_end > limit) return false;
  part.body_lines = view.body_lines;
  part.traits = view.traits;
  part.encoding = view.encoding;
  part.type = view.type;
  part.subtype = view.subtype;
  part.parameters = copied(view.parameters);
  part.disposition = {.type = std::string(view.disposition),
                      .parameters = copied(view.disposition_parameters)};
  part.encoding_name = view.encoding_name;
  part.id = view.id;
  part.description = view.description;
  part.md5 = view.md5;
  part.location = view.location;
  for (const LanguageView& language : view.languages) part.languages.emplace_back(language.name);
  return true;
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

StructureReader::StructureReader(std::string_view bytes) : in_(bytes) {
  version_ = in_.byte(UINT8_MAX);
  if (version_ != kVersion) in_.spoil();
  letter_bytes_ = in_.number(kMaxNumber);
  count_ = in_.number(kMaxParts);
}

bool StructureReader::next(PartView& part) {
  if (!in_.sound() || next_ == count_) return false;
  const std::uint64_t distance = in_.number(next_);
  if ((distance == 0) != (next_ == 0)) in_.spoil();
  part.index = static_cast<PartIndex>(next_);
  part.parent = next_ == 0 ? kNoPart : static_cast<PartIndex>(next_ - distance);
  part.header_begin = in_.number(kMaxNumber);
  part.header_size = in_.number(kMaxNumber);
  part.body_size = in_.number(kMaxNumber);
  part.body_lines = in_.number(kMaxNumber);
  const std::uint8_t traits = in_.byte(15);
  part.traits = {.header_8bit = (traits & 1) != 0,
                 .body_8bit = (traits & 2) != 0,
                 .body_nul = (traits & 4) != 0,
                 .long_lines = (traits & 8) != 0};
  part.encoding =
      static_cast<TransferEncoding>(in_.byte(static_cast<std::uint8_t>(TransferEncoding::kUnknown)));
  part.type = in_.text();
  part.subtype = in_.text();
  part.parameters = ListView<ParameterView>(in_, kMaxParameters);
  part.disposition = in_.text();
  part.disposition_parameters = ListView<ParameterView>(in_, kMaxParameters);
  part.encoding_name = in_.text();
  part.id = in_.text();
  part.description = in_.text();
  part.md5 = in_.text();
  part.location = in_.text();
  part.languages = ListView<LanguageView>(in_, kMaxParameters);
  ++next_;
  return in_.sound();
}

Result<Structure> decode_structure(std::string_view bytes) {
  StructureReader reader(bytes);
  if (reader.version() != kVersion) {
    return fail(ErrorKind::kCorrupt,
                "the structure of a letter is in form {}, and this program reads form {}", reader.version(),
                kVersion);
  }
  Structure structure;
  structure.size = reader.letter_bytes();
  PartView part;
  bool good = true;
  while (good && reader.next(part)) good = add_part(structure, part);
  good = good && reader.complete();
  good = good && structure.root().header_begin == 0 && structure.root().body_end == structure.size;
  if (!good || !link(structure)) {
    return fail(ErrorKind::kCorrupt, "the stored structure of a letter is damaged");
  }
  return structure;
}

}  // namespace pabal::message
