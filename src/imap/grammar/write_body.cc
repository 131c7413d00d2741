#include <utility>
#include <vector>

#include "base/ascii.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

using message::ParameterView;
using message::PartIndex;
using message::PartView;
using message::TransferEncoding;
using Parameters = message::ListView<ParameterView>;

/// What a multipart or a message/rfc822 has in it when nothing could be found there: the grammar wants a
/// body, and an empty text misleads nobody.
constexpr std::string_view kEmptyText = R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0))";

class BodyWriter {
 public:
  BodyWriter(std::string& out, const message::FactsView& facts, BodyForm form, const Dialect& dialect)
      : out_(out),
        structure_(facts.structure),
        envelopes_(facts.letters_within),
        form_(form),
        dialect_(dialect) {}

  /// False for facts that nobody wrote so.
  bool write();

 private:
  /// A part that may hold others, its end still to come.
  struct Open {
    PartView part;
    bool has_child = false;
  };

  bool write_part(const PartView& part);
  bool begin_child(const PartView& part);
  void close();
  void append_end(const PartView& part);
  bool append_envelope_of_letter(PartIndex index);
  void append_fields(const PartView& part);
  void append_parameters(const Parameters& parameters);
  void append_parameter(const ParameterView& parameter);
  void append_body_parameters(const PartView& part);
  void append_encoding(const PartView& part);
  void append_extension(const PartView& part);
  void append_languages(const message::ListView<message::LanguageView>& languages);
  void append_or_nil(std::string_view text) {
    if (text.empty()) {
      out_.append("NIL");
    } else {
      append_header_text(out_, text, dialect_);
    }
  }

  std::string& out_;
  message::StructureReader structure_;
  message::EnvelopesWithin envelopes_;
  BodyForm form_;
  const Dialect& dialect_;
  std::vector<Open> open_;  ///< The root first.
};

bool BodyWriter::write() {
  PartView part;
  while (structure_.next(part)) {
    while (!open_.empty() && open_.back().part.index != part.parent) close();
    if (!write_part(part)) return false;
  }
  while (!open_.empty()) close();
  return structure_.complete() && envelopes_.sound();
}

bool BodyWriter::write_part(const PartView& part) {
  if (part.index > 0 && !begin_child(part)) return false;
  out_.push_back('(');
  if (!part.is_multipart()) append_fields(part);
  if (part.is_multipart() || part.is_message()) {
    open_.push_back({.part = part});
  } else {
    append_end(part);
  }
  return true;
}

/// False for a part whose parent holds none, or has ended.
bool BodyWriter::begin_child(const PartView& part) {
  if (open_.empty()) return false;
  Open& parent = open_.back();
  if (parent.part.is_message() && (parent.has_child || !append_envelope_of_letter(part.index))) return false;
  parent.has_child = true;
  return true;
}

void BodyWriter::close() {
  const Open& open = open_.back();
  if (open.part.is_multipart()) {
    if (!open.has_child) out_.append(kEmptyText);
    out_.push_back(' ');
    append_string(out_, open.part.subtype, dialect_);
  } else if (!open.has_child) {
    out_.push_back(' ');
    std::ignore = append_envelope(out_, std::string_view(), dialect_);
    out_.push_back(' ');
    out_.append(kEmptyText);
  }
  append_end(open.part);
  open_.pop_back();
}

void BodyWriter::append_end(const PartView& part) {
  if (part.is_message() || part.is_text()) {
    out_.push_back(' ');
    append_number(out_, part.body_lines);
  }
  if (form_ == BodyForm::kBodyStructure) append_extension(part);
  out_.push_back(')');
}

/// SP envelope SP, before the body of the letter that a message/rfc822 carries. Letters that are over the
/// limits of message/letter.h have no envelope.
bool BodyWriter::append_envelope_of_letter(PartIndex index) {
  out_.push_back(' ');
  if (!append_envelope(out_, envelopes_.find(index), dialect_)) return false;
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
  if (part.parameters.empty() && part.is_text() && part.subtype == "plain") {
    out_.append(R"(("charset" "us-ascii"))");
  } else {
    append_parameters(part.parameters);
  }
}

/// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
void BodyWriter::append_parameters(const Parameters& parameters) {
  if (parameters.empty()) {
    out_.append("NIL");
    return;
  }
  char before = '(';
  for (const ParameterView& parameter : parameters) {
    out_.push_back(std::exchange(before, ' '));
    append_parameter(parameter);
  }
  out_.push_back(')');
}

void BodyWriter::append_parameter(const ParameterView& parameter) {
  const auto& [name, value, extended] = parameter;
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
void BodyWriter::append_languages(const message::ListView<message::LanguageView>& languages) {
  if (languages.empty()) {
    out_.append("NIL");
    return;
  }
  char before = '(';
  for (const message::LanguageView& language : languages) {
    out_.push_back(std::exchange(before, ' '));
    append_header_text(out_, language.name, dialect_);
  }
  out_.push_back(')');
}

}  // namespace

Result<void> append_body(std::string& out, const message::FactsView& facts, BodyForm form,
                         const Dialect& dialect) {
  const std::size_t before = out.size();
  if (BodyWriter(out, facts, form, dialect).write()) return {};
  out.resize(before);
  return fail(ErrorKind::kCorrupt, "the stored structure of a letter is damaged");
}

void append_body(std::string& out, const message::LetterFacts& facts, BodyForm form, const Dialect& dialect) {
  const std::string bytes = encode_facts(facts);
  const auto view = message::view_facts(bytes);
  if (view) std::ignore = append_body(out, *view, form, dialect);
}

}  // namespace pabal::imap
