#include <array>
#include <vector>

#include "base/ascii.h"
#include "base/cursor.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

using message::TransferEncoding;

constexpr std::uint8_t kStructureVersion = 1;
/// What a multipart or a message/rfc822 has in it when nothing could be found there: the grammar wants a
/// body, and an empty text misleads nobody.
constexpr std::string_view kEmptyText = R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0))";

/// A counted list as it is stored: parameters, or languages.
struct StoredList {
  std::uint64_t count = 0;
  std::string_view bytes;
};

/// A part as message::encode_structure wrote it (structure_codec.cc), its texts still in place.
struct PartView {
  std::uint32_t index = 0;
  std::uint64_t distance = 0;  ///< to the parent
  std::uint64_t body_size = 0;
  std::uint64_t body_lines = 0;
  TransferEncoding encoding = TransferEncoding::k7Bit;
  std::string_view type;
  std::string_view subtype;
  StoredList parameters;
  std::string_view disposition;
  StoredList disposition_parameters;
  std::string_view encoding_name;
  std::string_view id;
  std::string_view description;
  std::string_view md5;
  std::string_view location;
  StoredList languages;

  bool has_child = false;

  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const { return type == "message" && (subtype == "rfc822" || subtype == "global"); }
};

bool read_text(Cursor& in, std::string_view& text) {
  const auto value = in.take_sized();
  if (value) text = *value;
  return value.has_value();
}
bool read_number(Cursor& in, std::uint64_t& number) {
  const auto value = in.take_varint();
  if (value) number = *value;
  return value.has_value();
}

bool read_parameters(Cursor& in, StoredList& out) {
  if (!read_number(in, out.count)) return false;
  out.bytes = in.rest();
  for (std::uint64_t i = 0; i < out.count; ++i) {
    if (!in.take_sized() || !in.take_sized() || !in.take_u8()) return false;
  }
  return true;
}
bool read_languages(Cursor& in, StoredList& out) {
  if (!read_number(in, out.count)) return false;
  out.bytes = in.rest();
  for (std::uint64_t i = 0; i < out.count; ++i) {
    if (!in.take_sized()) return false;
  }
  return true;
}

bool read_part(Cursor& in, PartView& part) {
  std::uint64_t unused = 0;
  if (!read_number(in, part.distance) || !read_number(in, unused) || !read_number(in, unused) ||
      !read_number(in, part.body_size) || !read_number(in, part.body_lines)) {
    return false;
  }
  const auto traits = in.take_u8();
  const auto encoding = in.take_u8();
  if (!traits || !encoding || *encoding > static_cast<std::uint8_t>(TransferEncoding::kUnknown)) return false;
  part.encoding = static_cast<TransferEncoding>(*encoding);
  if (!read_text(in, part.type) || !read_text(in, part.subtype) || !read_parameters(in, part.parameters) ||
      !read_text(in, part.disposition) || !read_parameters(in, part.disposition_parameters)) {
    return false;
  }
  return read_text(in, part.encoding_name) && read_text(in, part.id) && read_text(in, part.description) &&
         read_text(in, part.md5) && read_text(in, part.location) && read_languages(in, part.languages);
}

class BodyWriter {
 public:
  BodyWriter(std::string& out, const FactsView& facts, BodyForm form, const Dialect& dialect)
      : out_(out),
        structure_(facts.structure),
        letters_(facts.letters_within),
        form_(form),
        dialect_(dialect) {}

  /// False for facts that nobody wrote so.
  bool write();

 private:
  bool open(PartView part);
  void close();
  bool append_envelope_of_letter(std::uint32_t index);
  void append_fields(const PartView& part);
  void append_parameters(const StoredList& parameters);
  void append_parameter(std::string_view name, std::string_view value, bool extended);
  void append_body_parameters(const PartView& part);
  void append_encoding(const PartView& part);
  void append_extension(const PartView& part);
  void append_languages(const StoredList& languages);
  void append_or_nil(std::string_view text) {
    if (text.empty()) {
      out_.append("NIL");
    } else {
      append_header_text(out_, text, dialect_);
    }
  }

  std::string& out_;
  Cursor structure_;
  Cursor letters_;
  std::uint64_t letters_left_ = 0;
  BodyForm form_;
  const Dialect& dialect_;
  std::vector<PartView> open_;  ///< Parts whose end is still to come, the root first.
};

bool BodyWriter::write() {
  if (structure_.take_u8() != kStructureVersion) return false;
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  if (!read_number(structure_, size) || !read_number(structure_, count) || count == 0 ||
      count > message::kMaxParts || !read_number(letters_, letters_left_)) {
    return false;
  }
  for (std::uint32_t index = 0; index < count; ++index) {
    PartView part;
    part.index = index;
    if (!read_part(structure_, part) || part.distance > index || (part.distance == 0) != (index == 0)) {
      return false;
    }
    while (!open_.empty() && open_.back().index != index - part.distance) close();
    if (open_.empty() != (index == 0) || !open(part)) return false;
  }
  while (!open_.empty()) close();
  return structure_.at_end();
}

bool BodyWriter::open(PartView part) {
  if (!open_.empty()) {
    PartView& parent = open_.back();
    if (!parent.is_multipart() && (!parent.is_message() || parent.has_child)) return false;
    if (parent.is_message() && !append_envelope_of_letter(part.index)) return false;
    parent.has_child = true;
  }
  out_.push_back('(');
  if (!part.is_multipart()) append_fields(part);
  open_.push_back(part);
  return true;
}

void BodyWriter::close() {
  const PartView& part = open_.back();
  if (part.is_multipart()) {
    if (!part.has_child) out_.append(kEmptyText);
    out_.push_back(' ');
    append_string(out_, part.subtype, dialect_);
  } else if (part.is_message() && !part.has_child) {
    out_.push_back(' ');
    std::ignore = append_envelope(out_, std::string_view(), dialect_);
    out_.push_back(' ');
    out_.append(kEmptyText);
  }
  if (part.is_message() || part.type == "text") {
    out_.push_back(' ');
    append_number(out_, part.body_lines);
  }
  if (form_ == BodyForm::kBodyStructure) append_extension(part);
  out_.push_back(')');
  open_.pop_back();
}

/// SP envelope SP, before the body of the letter that a message/rfc822 carries. Letters that are over the
/// limits of message/letter.h have no envelope.
bool BodyWriter::append_envelope_of_letter(std::uint32_t index) {
  std::string_view envelope;
  while (letters_left_ > 0) {
    Cursor look = letters_;
    std::uint64_t part = 0;
    std::string_view bytes;
    if (!read_number(look, part) || !read_text(look, bytes)) return false;
    if (part > index) break;
    letters_ = look;
    --letters_left_;
    if (part == index) envelope = bytes;
  }
  out_.push_back(' ');
  if (!append_envelope(out_, envelope, dialect_)) return false;
  out_.push_back(' ');
  return true;
}

/// media SP body-fields
void BodyWriter::append_fields(const PartView& part) {
  append_string(out_, part.type, dialect_);
  out_.push_back(' ');
  append_string(out_, part.subtype, dialect_);
  out_.push_back(' ');
  append_body_parameters(part);
  out_.push_back(' ');
  append_or_nil(part.id);
  out_.push_back(' ');
  append_or_nil(part.description);
  out_.push_back(' ');
  append_encoding(part);
  out_.push_back(' ');
  append_number(out_, part.body_size);
}

/// A plain text that names no charset is US-ASCII (RFC 2045 §5.2), and many clients want to read so.
void BodyWriter::append_body_parameters(const PartView& part) {
  if (part.parameters.count == 0 && part.type == "text" && part.subtype == "plain") {
    out_.append(R"(("charset" "us-ascii"))");
  } else {
    append_parameters(part.parameters);
  }
}

/// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
void BodyWriter::append_parameters(const StoredList& parameters) {
  if (parameters.count == 0) {
    out_.append("NIL");
    return;
  }
  Cursor in(parameters.bytes);
  for (std::uint64_t i = 0; i < parameters.count; ++i) {
    out_.push_back(i == 0 ? '(' : ' ');
    const auto name = in.take_sized();
    const auto value = in.take_sized();
    append_parameter(*name, *value, in.take_u8() != 0);
  }
  out_.push_back(')');
}

void BodyWriter::append_parameter(std::string_view name, std::string_view value, bool extended) {
  if (!extended || dialect_.utf8 || is_ascii(value)) {
    append_string(out_, name, dialect_);
    out_.push_back(' ');
    append_header_text(out_, value, dialect_);
    return;
  }
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text = "UTF-8''";
  for (const char c : value) {
    if (is_alnum(c) || c == '.' || c == '-' || c == '_') {  // of RFC 2231 §7's attribute-char
      text.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text.push_back('%');
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  append_string(out_, std::string(name) + '*', dialect_);
  out_.push_back(' ');
  append_string(out_, text, dialect_);
}

/// A name that we know as it is spelled in RFC 2045; another as the field has it.
void BodyWriter::append_encoding(const PartView& part) {
  const bool standard =
      part.encoding != TransferEncoding::kUnknown && part.encoding != TransferEncoding::kUuencode;
  append_header_text(out_, standard ? message::to_string(part.encoding) : part.encoding_name, dialect_);
}

/// body-ext-1part, body-ext-mpart
void BodyWriter::append_extension(const PartView& part) {
  out_.push_back(' ');
  if (part.is_multipart()) {
    append_parameters(part.parameters);
  } else {
    append_or_nil(part.md5);
  }
  out_.push_back(' ');
  if (part.disposition.empty()) {
    out_.append("NIL");
  } else {
    out_.push_back('(');
    append_string(out_, part.disposition, dialect_);
    out_.push_back(' ');
    append_parameters(part.disposition_parameters);
    out_.push_back(')');
  }
  out_.push_back(' ');
  append_languages(part.languages);
  out_.push_back(' ');
  append_or_nil(part.location);
}

/// body-fld-lang = nstring / "(" string *(SP string) ")"
void BodyWriter::append_languages(const StoredList& languages) {
  if (languages.count == 0) {
    out_.append("NIL");
    return;
  }
  Cursor in(languages.bytes);
  for (std::uint64_t i = 0; i < languages.count; ++i) {
    out_.push_back(i == 0 ? '(' : ' ');
    append_header_text(out_, *in.take_sized(), dialect_);
  }
  out_.push_back(')');
}

}  // namespace

Result<void> append_body(std::string& out, const FactsView& facts, BodyForm form, const Dialect& dialect) {
  const std::size_t before = out.size();
  if (BodyWriter(out, facts, form, dialect).write()) return {};
  out.resize(before);
  return fail(ErrorKind::kCorrupt, "the stored structure of a letter is damaged");
}

void append_body(std::string& out, const message::LetterFacts& facts, BodyForm form, const Dialect& dialect) {
  const std::string bytes = encode_facts(facts);
  const auto view = view_facts(bytes);
  if (view) std::ignore = append_body(out, *view, form, dialect);
}

}  // namespace pabal::imap
