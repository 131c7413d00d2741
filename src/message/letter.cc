#include "message/letter.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/utf8.h"
#include "message/detail/text_chain.h"
#include "message/encoded_word.h"
#include "message/header.h"

namespace pabal::message {
namespace {

constexpr std::uint8_t kVersion = 1;

/// How much of a body is decoded at a time: enough to be quick, little enough to keep.
constexpr std::size_t kDecodePiece = 16 * 1024;
/// How much text a preview is looked for in. Behind this a letter begins with nothing worth showing.
constexpr std::size_t kPreviewSource = 8 * 1024;
/// How much of a part's bytes is read to get that text; HTML has styles and tables in front.
constexpr std::size_t kPreviewBytes = 256 * 1024;

}  // namespace

class LetterReader::Collector final : public PartVisitor {
 public:
  Collector(TextSink* sink, Preview preview)
      : parser_(this), sink_(sink), makes_preview_(preview == Preview::kMade) {}

  void feed(std::string_view bytes) { parser_.feed(bytes); }
  LetterFacts finish() {
    facts_.structure = parser_.finish();
    return std::move(facts_);
  }

  void on_header(const Structure& structure, PartIndex index, std::string_view header) override {
    const Part& part = structure.parts[index];
    if (part.parent == kNoPart) {
      facts_.envelope = parse_envelope(header);
    } else if (structure.is_letter(index)) {
      take_letter_within(index, header);
    }
    if (sink_) tell_fields(index, part, header);
    begin_text(structure, index);
  }

  void on_body(const Structure&, PartIndex index, std::string_view bytes) override {
    if (!chain_) return;
    while (!bytes.empty() && (sink_ || preview_wanted_)) {
      const std::string_view piece = bytes.substr(0, kDecodePiece);
      bytes.remove_prefix(piece.size());
      read_bytes_ += piece.size();
      text_.clear();
      chain_->feed(piece, text_);
      take_text(index);
    }
  }

  void on_end(const Structure&, PartIndex index) override {
    if (!chain_ || text_part_ != index) return;
    text_.clear();
    chain_->finish(text_);
    take_text(index);
    if (sink_) sink_->on_text_end(index);
    if (is_preview_candidate_ && facts_.preview.empty()) facts_.preview = make_preview(preview_source_);
    chain_.reset();
  }

 private:
  void take_letter_within(PartIndex index, std::string_view header) {
    envelope_bytes_within_ += header.size();
    if (envelope_bytes_within_ > kMaxEnvelopeBytesWithin || addresses_within_ > kMaxAddresses) header = {};
    Envelope envelope = parse_envelope(header);
    addresses_within_ += envelope.from.size() + envelope.to.size() + envelope.cc.size() + envelope.bcc.size();
    facts_.letters_within.push_back({.part = index, .envelope = std::move(envelope)});
  }

  void tell_fields(PartIndex index, const Part& part, std::string_view header) {
    bool name_told = false;
    FieldReader fields(header);
    while (const auto field = fields.next()) {
      const bool has_file_name =
          !name_told && (field->is("Content-Disposition") || field->is("Content-Type"));
      std::string text = decode_header_text(field->value, part.charset());
      // What RFC 2231 hides in percent signs is what the person would type.
      if (has_file_name) {
        name_told = true;
        if (const std::string name = part.file_name();
            !name.empty() && text.find(name) == std::string::npos) {
          text.append(" ").append(name);
        }
      }
      sink_->on_field(index, field->name, text);
    }
  }

  void begin_text(const Structure& structure, PartIndex index) {
    const Part& part = structure.parts[index];
    if (!part.is_text() || part.encoding == TransferEncoding::kUnknown) return;
    is_preview_candidate_ = makes_preview_ && facts_.preview.empty() && facts_.letters_within.empty() &&
                            !part.is_attachment() && (part.subtype == "plain" || part.subtype == "html");
    preview_wanted_ = is_preview_candidate_;
    if (!sink_ && !is_preview_candidate_) return;
    text_part_ = index;
    read_bytes_ = 0;
    preview_source_.clear();
    chain_.emplace(part);
  }

  void take_text(PartIndex index) {
    if (preview_wanted_) {
      const std::size_t taken = utf8_prefix(text_, kPreviewSource - preview_source_.size()).size();
      preview_source_.append(text_, 0, taken);
      preview_wanted_ =
          taken == text_.size() && preview_source_.size() < kPreviewSource && read_bytes_ < kPreviewBytes;
    }
    if (sink_ && !text_.empty()) sink_->on_text(index, text_);
  }

  StructureParser parser_;
  TextSink* sink_;
  const bool makes_preview_;
  LetterFacts facts_;
  std::optional<detail::TextChain> chain_;  ///< Of the text part that is being read.
  PartIndex text_part_ = kNoPart;
  std::string text_;
  std::string preview_source_;
  std::uint64_t read_bytes_ = 0;
  std::size_t envelope_bytes_within_ = 0;
  std::size_t addresses_within_ = 0;
  bool is_preview_candidate_ = false;
  bool preview_wanted_ = false;
};

LetterReader::LetterReader(TextSink* sink, Preview preview)
    : collector_(std::make_unique<Collector>(sink, preview)) {}
LetterReader::~LetterReader() = default;
LetterReader::LetterReader(LetterReader&&) noexcept = default;
LetterReader& LetterReader::operator=(LetterReader&&) noexcept = default;
void LetterReader::feed(std::string_view bytes) { collector_->feed(bytes); }
LetterFacts LetterReader::finish() { return collector_->finish(); }

LetterFacts read_letter(std::string_view letter, TextSink* sink, LetterReader::Preview preview) {
  LetterReader reader(sink, preview);
  reader.feed(letter);
  return reader.finish();
}

const Envelope* LetterFacts::envelope_within(PartIndex message_part) const {
  const auto found = std::ranges::lower_bound(letters_within, message_part + 1, {}, &LetterWithin::part);
  return found != letters_within.end() && found->part == message_part + 1 ? &found->envelope : nullptr;
}

bool LetterFacts::has_attachments() const {
  return std::ranges::any_of(structure.parts, &Part::is_attachment);
}

std::string text_of_part(std::string_view letter, const Part& part, std::size_t limit) {
  if (part.body_end > letter.size()) return {};
  std::string_view body = letter.substr(part.body_begin, part.body_size());
  TransferDecoder transfer(part.encoding);
  CharsetDecoder charset(part.charset());
  std::string out;
  std::string decoded;
  while (!body.empty() && out.size() <= limit) {
    const std::string_view piece = body.substr(0, kDecodePiece);
    body.remove_prefix(piece.size());
    decoded.clear();
    transfer.decode(piece, decoded);
    charset.decode(decoded, out);
  }
  decoded.clear();
  transfer.finish(decoded);
  charset.decode(decoded, out);
  charset.finish(out);
  out.resize(utf8_prefix(out, limit).size());
  return out;
}

namespace {

/// Blanks of any kind, and the characters without width that newsletters fill their first line with.
bool is_invisible(std::string_view character) {
  if (character.size() == 1) return character[0] == ' ' || is_control(character[0]);
  static constexpr std::string_view kInvisible[] = {
      "\xC2\xA0",     "\xC2\xAD",     "\xCD\x8F",     "\xE2\x80\x80", "\xE2\x80\x81",
      "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
      "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\x8B",
      "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xA8",
      "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF",
  };
  return std::ranges::find(kInvisible, character) != std::end(kInvisible);
}

std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

std::string join_lines(std::string_view text, bool with_quotes) {
  std::string out;
  std::size_t characters = 0;
  bool blank = false;
  bool line_start = true;
  while (!text.empty() && characters < kPreviewCharacters) {
    if (line_start && !with_quotes && text.front() == '>') {
      text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
      continue;
    }
    const std::string_view character = text.substr(0, character_size(text));
    text.remove_prefix(character.size());
    line_start = character == "\n";
    if (is_invisible(character)) {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) {
      if (++characters == kPreviewCharacters) break;
      out.push_back(' ');
    }
    blank = false;
    out.append(character);
    ++characters;
  }
  return out;
}

}  // namespace

std::string make_preview(std::string_view text) {
  std::string preview = join_lines(text, false);
  return preview.empty() ? join_lines(text, true) : preview;
}

std::string encode_facts(const LetterFacts& facts) {
  std::string out;
  append_u8(out, kVersion);
  append_sized(out, encode_envelope(facts.envelope));
  append_sized(out, facts.preview);
  append_sized(out, encode_structure(facts.structure));
  append_varint(out, facts.letters_within.size());
  for (const auto& letter : facts.letters_within) {
    append_varint(out, letter.part);
    append_sized(out, encode_envelope(letter.envelope));
  }
  return out;
}

std::string encode_facts(const FactsView& facts) {
  std::string out;
  if (facts.empty()) return out;
  append_u8(out, kVersion);
  append_sized(out, facts.envelope);
  append_sized(out, facts.preview);
  append_sized(out, facts.structure);
  out += facts.letters_within;
  return out;
}

Result<FactsView> view_facts(std::string_view facts) {
  detail::FormReader in(facts);
  const std::uint8_t version = in.byte(UINT8_MAX);
  if (in.sound() && version != kVersion) {
    return fail(ErrorKind::kCorrupt,
                "the facts about a letter are in form {}, and this program reads form {}", version, kVersion);
  }
  FactsView view;
  view.envelope = in.text();
  view.preview = in.text();
  view.structure = in.text();
  view.letters_within = in.rest();
  if (!in.sound() || view.letters_within.empty())
    return fail(ErrorKind::kCorrupt, "the stored facts about a letter are damaged");
  return view;
}

void EnvelopesWithin::read_next() {
  held_ = left_ > 0;
  if (!held_) return;
  --left_;
  const std::uint64_t before = part_;
  part_ = in_.number();
  envelope_ = in_.text();
  if (part_ < before) in_.spoil();
  held_ = in_.sound();
}

std::string_view EnvelopesWithin::find(PartIndex part) {
  if (!held_) read_next();
  while (held_ && part_ < part) read_next();
  return held_ && part_ == part ? envelope_ : std::string_view();
}

Result<LetterFacts> decode_facts(const FactsView& view) {
  LetterFacts facts;
  PABAL_TRY(facts.envelope, decode_envelope(view.envelope));
  PABAL_TRY(facts.structure, decode_structure(view.structure));
  facts.preview = view.preview;
  detail::FormReader in(view.letters_within);
  const std::uint64_t count = in.number(facts.structure.parts.size());
  for (std::uint64_t i = 0; i < count && in.sound(); ++i) {
    const auto part = static_cast<PartIndex>(in.number(facts.structure.parts.size() - 1));
    PABAL_TRY(auto envelope, decode_envelope(in.text()));
    facts.letters_within.push_back({.part = part, .envelope = std::move(envelope)});
  }
  if (!in.complete() || !std::ranges::is_sorted(facts.letters_within, {}, &LetterFacts::LetterWithin::part))
    return fail(ErrorKind::kCorrupt, "the stored facts about a letter are damaged");
  return facts;
}

Result<LetterFacts> decode_facts(std::string_view bytes) {
  PABAL_TRY(const FactsView view, view_facts(bytes));
  return decode_facts(view);
}

Result<Envelope> decode_facts_envelope(std::string_view bytes) {
  PABAL_TRY(const FactsView view, view_facts(bytes));
  return decode_envelope(view.envelope);
}

}  // namespace pabal::message
