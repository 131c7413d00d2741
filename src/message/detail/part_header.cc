#include "message/detail/part_header.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "message/detail/lexer.h"
#include "message/header.h"

namespace pabal::message::detail {
namespace {

std::vector<std::string> parse_languages(std::string_view value) {
  constexpr std::size_t kMaxLanguages = 50;
  std::vector<std::string> out;
  Cursor cursor(value);
  while (!cursor.at_end() && out.size() < kMaxLanguages) {
    skip_cfws(cursor);
    if (const auto tag = cursor.take_while([](char c) { return is_token_char(c); }); !tag.empty()) {
      out.emplace_back(tag);
    } else {
      cursor.take();
    }
  }
  return out;
}

}  // namespace

void read_part_header(std::string_view header, bool in_digest, Part& part) {
  // Of fields that may stand once, the first counts, as it does in other readers: who disagrees can be
  // fooled.
  bool has_type = false;
  bool has_encoding = false;
  bool has_disposition = false;
  const auto set_once = [](std::string& field, std::string_view value) {
    if (field.empty()) field = unfold(value);
  };
  constexpr std::string_view kPrefix = "content-";
  FieldReader fields(header);
  while (const auto field = fields.next()) {
    if (field->name.size() < kPrefix.size() || to_lower(field->name.front()) != 'c') continue;
    if (!equals_ignoring_case(field->name.substr(0, kPrefix.size()), kPrefix)) continue;
    if (field->is("Content-Type")) {
      if (has_type) continue;
      has_type = true;
      ContentType type = parse_content_type(field->value);
      part.type = std::move(type.type);
      part.subtype = std::move(type.subtype);
      part.parameters = std::move(type.parameters);
    } else if (field->is("Content-Transfer-Encoding")) {
      if (has_encoding) continue;
      has_encoding = true;
      part.encoding = parse_transfer_encoding(field->value);
      part.encoding_name = unfold(field->value);
    } else if (field->is("Content-Disposition")) {
      if (has_disposition) continue;
      has_disposition = true;
      part.disposition = parse_disposition(field->value);
    } else if (field->is("Content-ID")) {
      set_once(part.id, field->value);
    } else if (field->is("Content-Description")) {
      set_once(part.description, field->value);
    } else if (field->is("Content-MD5")) {
      set_once(part.md5, field->value);
    } else if (field->is("Content-Location")) {
      set_once(part.location, field->value);
    } else if (field->is("Content-Language") && part.languages.empty()) {
      part.languages = parse_languages(field->value);
    }
  }
  if (!part.type.empty()) return;
  // RFC 2045 §5.2: a type that is missing or makes no sense is plain text; parameters it may still have had.
  part.type = in_digest && !has_type ? "message" : "text";
  part.subtype = in_digest && !has_type ? "rfc822" : "plain";
}

std::size_t detail_size(const Part& part) {
  std::size_t size = part.type.size() + part.subtype.size() + part.encoding_name.size() + part.id.size() +
                     part.description.size() + part.md5.size() + part.location.size() +
                     part.disposition.type.size();
  for (const Parameters* parameters : {&part.parameters, &part.disposition.parameters}) {
    for (const Parameter& parameter : *parameters) {
      size += sizeof(Parameter) + parameter.name.size() + parameter.value.size();
    }
  }
  for (const std::string& language : part.languages) size += sizeof(std::string) + language.size();
  return size;
}

void drop_details(Part& part) {
  constexpr std::size_t kMaxTypeName = 127;  // RFC 6838 §4.2
  if (part.type.size() > kMaxTypeName || part.subtype.size() > kMaxTypeName) {
    part.type = "application";
    part.subtype = "octet-stream";
  }
  part.parameters = {};
  part.disposition = {};
  for (std::string* text : {&part.encoding_name, &part.id, &part.description, &part.md5, &part.location})
    *text = {};
  part.languages = {};
}

std::string delimiter_of(const Part& part) {
  if (!part.is_multipart() || !is_identity(part.encoding)) return {};
  const Parameter* boundary = find_parameter(part.parameters, "boundary");
  if (!boundary) return {};
  std::string_view value = boundary->value;
  // RFC 2046 §5.1.1: a blank at the end was added on the way.
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  if (value.empty() || value.size() > kMaxBoundaryBytes) return {};
  return "--" + std::string(value);
}

}  // namespace pabal::message::detail
