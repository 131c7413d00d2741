// RFC 5256 §2.1, step by step. Servers and clients must agree on it, so no other leniency is welcome here.

#include "base/ascii.h"
#include "message/encoded_word.h"
#include "message/envelope.h"

namespace pabal::message {
namespace {

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

bool take_ignoring_case(std::string_view& text, std::string_view word) {
  if (!equals_ignoring_case(text.substr(0, word.size()), word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// subj-blob = "[" *BLOBCHAR "]" *WSP
bool take_blob(std::string_view& text) {
  if (!text.starts_with('[')) return false;
  const std::size_t end = text.find_first_of("[]", 1);
  if (end == std::string_view::npos || text[end] != ']') return false;
  text.remove_prefix(end + 1);
  skip_blanks(text);
  return true;
}

/// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
bool take_refwd(std::string_view& text) {
  std::string_view rest = text;
  if (!take_ignoring_case(rest, "re") && !take_ignoring_case(rest, "fwd") && !take_ignoring_case(rest, "fw"))
    return false;
  skip_blanks(rest);
  take_blob(rest);
  if (!rest.starts_with(':')) return false;
  text = rest.substr(1);
  return true;
}

/// subj-trailer = "(fwd)" / WSP
void drop_trailers(std::string_view& text, bool& answered) {
  constexpr std::string_view kForwarded = "(fwd)";
  while (!text.empty()) {
    if (text.ends_with(' ')) {
      text.remove_suffix(1);
    } else if (text.size() >= kForwarded.size() &&
               equals_ignoring_case(text.substr(text.size() - kForwarded.size()), kForwarded)) {
      text.remove_suffix(kForwarded.size());
      answered = true;
    } else {
      return;
    }
  }
}

/// Steps 3 to 5, with subj-leader = (*subj-blob subj-refwd) / WSP.
void drop_leaders(std::string_view& text, bool& answered) {
  while (true) {
    skip_blanks(text);
    std::string_view behind_blobs = text;
    while (take_blob(behind_blobs)) {
    }
    if (take_refwd(behind_blobs)) {
      answered = true;
      text = behind_blobs;
      continue;
    }
    // No leader here, so none before any of these blobs either: step 4 takes one after the other, unless
    // nothing would be left.
    while (text.size() > behind_blobs.size()) {
      std::string_view rest = text;
      take_blob(rest);
      if (rest.empty()) return;
      text = rest;
    }
    return;
  }
}

std::string squeezed(std::string_view subject) {
  std::string out;
  for (const char c : decode_header_text(subject)) {
    const char blank = c == '\t' || c == '\r' || c == '\n' ? ' ' : c;
    if (blank != ' ' || !out.ends_with(' ')) out.push_back(blank);
  }
  return out;
}

}  // namespace

std::string base_subject(std::string_view subject, bool* answered) {
  const std::string decoded = squeezed(subject);
  std::string_view text = decoded;
  bool found = false;
  while (true) {
    drop_trailers(text, found);
    drop_leaders(text, found);
    // Step 6: "[fwd:" ... "]"
    constexpr std::string_view kForward = "[fwd:";
    if (!equals_ignoring_case(text.substr(0, kForward.size()), kForward) || !text.ends_with(']')) break;
    text = text.substr(kForward.size(), text.size() - kForward.size() - 1);
    found = true;
  }
  if (answered) *answered = found;
  return std::string(text);
}

}  // namespace pabal::message
