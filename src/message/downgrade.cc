#include "message/downgrade.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "message/header.h"

namespace pabal::message {
namespace {

/// What happens to the body of one part.
enum class Fate : std::uint8_t { kKeep, kRelabel, kQuoteText, kBase64, kEscape, kDrop, kCannot };

bool is_container(const Structure& structure, PartIndex part) { return structure.has_children(part); }

bool any_8bit_within(const Structure& structure, PartIndex part) {
  for (PartIndex i = part + 1; i < structure.parts[part].subtree_end; ++i) {
    if (structure.parts[i].traits.header_8bit) return true;
  }
  return false;
}

Fate fate_of(const Structure& structure, PartIndex index) {
  const Part& part = structure.parts[index];
  const bool says_8bit =
      part.encoding == TransferEncoding::k8Bit || part.encoding == TransferEncoding::kBinary;
  if (is_container(structure, index)) {
    // RFC 6532 §3.7: unlike message/rfc822, message/global may be encoded as a whole, which its header then
    // survives.
    if (part.subtype == "global" && any_8bit_within(structure, index)) return Fate::kBase64;
    const Parameter* boundary = find_parameter(part.parameters, "boundary");
    if (part.is_multipart() && boundary && !is_ascii(boundary->value)) return Fate::kCannot;
    return says_8bit ? Fate::kRelabel : Fate::kKeep;
  }
  const bool binary = part.encoding == TransferEncoding::kBinary && part.traits.long_lines;
  if (!part.traits.body_8bit && !part.traits.body_nul && !binary)
    return says_8bit ? Fate::kRelabel : Fate::kKeep;
  switch (part.encoding) {
    case TransferEncoding::kQuotedPrintable:
      return Fate::kEscape;
    case TransferEncoding::kBase64:
      return Fate::kDrop;
    case TransferEncoding::kUuencode:
    case TransferEncoding::kUnknown:
      return Fate::kCannot;
    default:
      break;
  }
  // RFC 2045 §6.4: a composite type is never encoded itself, and this one could not be looked into.
  if (part.is_multipart() || part.is("message", "rfc822")) return Fate::kCannot;
  // RFC 2046 §5.2.2, §5.2.3: fragments and references are 7bit or nothing.
  if (part.is("message", "partial") || part.is("message", "external-body")) return Fate::kCannot;
  const bool as_text = (part.is_text() || part.type == "message") && !part.traits.body_nul && !binary;
  return as_text && part.encoding != TransferEncoding::kBinary ? Fate::kQuoteText : Fate::kBase64;
}

bool converts(Fate fate) { return fate != Fate::kKeep && fate != Fate::kRelabel && fate != Fate::kCannot; }

bool is_within_signed(const Structure& structure, PartIndex index) {
  for (PartIndex at = structure.parts[index].parent; at != kNoPart; at = structure.parts[at].parent) {
    if (structure.parts[at].is("multipart", "signed")) return true;
  }
  return false;
}

std::string describe(const Structure& structure, PartIndex index) {
  const Part& part = structure.parts[index];
  std::string section;
  for (const std::uint32_t number : structure.section_of(index)) {
    section.append(section.empty() ? "" : ".").append(std::to_string(number));
  }
  return fmt::format("part {} ({}/{}, {})", section.empty() ? "0" : section, part.type, part.subtype,
                     to_string(part.encoding));
}

/// Calls `visit(index, fate)` for each part whose bytes are its own to change.
template <class Visit>
void for_each_fate(const Structure& structure, Visit&& visit) {
  for (PartIndex i = 0; i < structure.parts.size();) {
    const Fate fate = fate_of(structure, i);
    visit(i, fate);
    i = is_container(structure, i) && fate == Fate::kBase64 ? structure.parts[i].subtree_end : i + 1;
  }
}

}  // namespace

DowngradePlan plan_downgrade(const Structure& structure) {
  DowngradePlan plan;
  for_each_fate(structure, [&](PartIndex index, Fate fate) {
    const Part& part = structure.parts[index];
    plan.header_8bit = plan.header_8bit || part.traits.header_8bit;
    plan.needed = plan.needed || fate != Fate::kKeep || part.traits.body_8bit;
    if (converts(fate) && is_within_signed(structure, index)) plan.breaks_signature = true;
    if (converts(fate) && part.header_size() > kMaxHeaderBytes) fate = Fate::kCannot;
    if (fate == Fate::kCannot && plan.obstacle.empty()) {
      plan.obstacle = describe(structure, index) + " holds 8-bit data that may not be encoded";
    }
  });
  return plan;
}

Downgrader::Downgrader(const Structure& structure) {
  std::vector<bool> needs_version(structure.parts.size());
  for_each_fate(structure, [&](PartIndex index, Fate fate) {
    if (!converts(fate)) return;
    for (PartIndex at = index; at != kNoPart; at = structure.parts[at].parent) {
      if (structure.is_letter(at)) needs_version[at] = true;
    }
  });
  for_each_fate(structure, [&](PartIndex index, Fate fate) {
    const Part& part = structure.parts[index];
    TransferEncoding encoding = TransferEncoding::k7Bit;
    if (fate == Fate::kQuoteText) encoding = TransferEncoding::kQuotedPrintable;
    if (fate == Fate::kBase64) encoding = TransferEncoding::kBase64;
    const bool relabels = fate == Fate::kRelabel || fate == Fate::kQuoteText || fate == Fate::kBase64;
    if ((relabels || needs_version[index]) && part.header_size() <= kMaxHeaderBytes) {
      edits_.push_back({.begin = part.header_begin,
                        .end = part.body_begin,
                        .action = Action::kHeader,
                        .encoding = encoding,
                        .is_letter = needs_version[index],
                        .keeps_encoding = !relabels});
    } else if (part.traits.header_8bit) {
      edits_.push_back({.begin = part.header_begin,
                        .end = part.body_begin,
                        .action = Action::kCopy,
                        .encoding = encoding,
                        .is_letter = false,
                        .keeps_encoding = true});
    }
    Action action = Action::kBase64;
    if (fate == Fate::kQuoteText) action = Action::kQuoteText;
    if (fate == Fate::kEscape) action = Action::kEscape;
    if (fate == Fate::kDrop) action = Action::kDrop;
    if (!converts(fate)) return;
    edits_.push_back({.begin = part.body_begin,
                      .end = part.body_end,
                      .action = action,
                      .encoding = encoding,
                      .is_letter = false,
                      .keeps_encoding = false});
  });
}

void Downgrader::feed(std::string_view bytes, std::string& out) {
  while (true) {
    // An empty header is an edit without bytes of its own.
    while (next_ < edits_.size() && edits_[next_].begin == offset_ && !within_) begin_edit();
    if (within_ && offset_ == edits_[next_].end) {
      end_edit(out);
      continue;
    }
    if (bytes.empty()) return;
    std::uint64_t limit = bytes.size();
    if (next_ < edits_.size()) {
      const std::uint64_t stop = within_ ? edits_[next_].end : edits_[next_].begin;
      limit = std::min(limit, stop - offset_);
    }
    convert(bytes.substr(0, limit), out);
    bytes.remove_prefix(limit);
    offset_ += limit;
  }
}

void Downgrader::finish(std::string& out) { feed({}, out); }

void Downgrader::begin_edit() {
  within_ = true;
  header_.clear();
  const Action action = edits_[next_].action;
  if (action == Action::kBase64) base64_.emplace();
  if (action == Action::kQuoteText) quoted_printable_.emplace(QuotedPrintableEncoder::Kind::kText);
}

void Downgrader::convert(std::string_view bytes, std::string& out) {
  if (!within_) {
    // Preamble, epilogue and what stands behind a delimiter are shown to nobody (RFC 2046 §5.1.1) and cannot
    // be encoded.
    for (const char c : bytes) out.push_back(is_ascii(c) ? c : '?');
    return;
  }
  switch (edits_[next_].action) {
    case Action::kHeader:
      header_.append(bytes);
      break;
    case Action::kCopy:
      out.append(bytes);
      break;
    case Action::kQuoteText:
      quoted_printable_->encode(bytes, out);
      break;
    case Action::kBase64:
      base64_->encode(bytes, out);
      break;
    case Action::kEscape:
      for (const char c : bytes) {
        if (is_ascii(c) && c != '\0') {
          out.push_back(c);
        } else {
          out.append(fmt::format("={:02X}", static_cast<unsigned char>(c)));
        }
      }
      break;
    case Action::kDrop:
      std::ranges::copy_if(bytes, std::back_inserter(out), [](char c) { return is_ascii(c) && c != '\0'; });
      break;
  }
}

void Downgrader::end_edit(std::string& out) {
  const Edit& edit = edits_[next_];
  if (edit.action == Action::kHeader) {
    const bool add_version = edit.is_letter && !find_field(header_, "MIME-Version");
    std::string header =
        edit.keeps_encoding ? header_ : without_fields(header_, {"Content-Transfer-Encoding"});
    std::string added = add_version ? "MIME-Version: 1.0\r\n" : "";
    if (!edit.keeps_encoding)
      added.append(fmt::format("Content-Transfer-Encoding: {}\r\n", to_string(edit.encoding)));
    // The new fields go in front of the empty line; a header that had none gets one, or the body would be
    // read as fields.
    std::string_view empty_line;
    if (header.ends_with("\r\n\r\n") || header == "\r\n") {
      empty_line = "\r\n";
    } else if (header.ends_with("\n\n") || header.ends_with("\n\r\n") || header == "\n") {
      empty_line = header.ends_with("\r\n") ? "\r\n" : "\n";
    }
    header.resize(header.size() - empty_line.size());
    if (!header.empty() && !header.ends_with('\n')) header.append("\r\n");
    if (added.empty()) {
      out.append(header_);
    } else {
      out.append(header).append(added).append("\r\n");
    }
  } else if (base64_) {
    base64_->finish(out);
  } else if (quoted_printable_) {
    quoted_printable_->finish(out);
  }
  base64_.reset();
  quoted_printable_.reset();
  within_ = false;
  ++next_;
}

std::optional<std::string> downgrade(std::string_view letter) {
  const Structure structure = parse_structure(letter);
  const DowngradePlan plan = plan_downgrade(structure);
  if (!plan.possible()) return std::nullopt;
  if (!plan.needed) return std::string(letter);
  std::string out;
  out.reserve(letter.size() + letter.size() / 4);
  Downgrader downgrader(structure);
  downgrader.feed(letter, out);
  downgrader.finish(out);
  return out;
}

}  // namespace pabal::message
