#include "mailbox/search/needles.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace pabal::mailbox::search {
namespace {

bool contains(std::string_view text, std::string_view needle) {
  return needle.empty() || memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr;
}

}  // namespace

NeedleScan::NeedleScan(std::span<const Needle> needles) : needles_(needles), text_(*this) {
  for (const Needle& needle : needles_) {
    if (looks_at_body(needle) && !needle.text.empty()) kept_ = std::max(kept_, needle.text.size() - 1);
  }
  finish();
}

std::vector<bool> NeedleScan::finish() {
  tail_.clear();
  std::vector<bool> none(needles_.size());
  missing_ = needles_.size();
  for (std::size_t i = 0; i < needles_.size(); ++i) {
    // What is empty is in everything.
    none[i] = looks_at_body(needles_[i]) && needles_[i].text.empty();
    missing_ -= none[i] ? 1 : 0;
  }
  return std::exchange(found_, std::move(none));
}

bool NeedleScan::wants_body() const { return std::ranges::any_of(needles_, looks_at_body); }

void NeedleScan::found(std::size_t needle) {
  if (found_[needle]) return;
  found_[needle] = true;
  --missing_;
}

void NeedleScan::on_header_field(std::string_view name, std::string_view line, std::size_t text_begin) {
  const bool machine = is_machine_field(name);
  for (std::size_t i = 0; i < needles_.size(); ++i) {
    const Needle& needle = needles_[i];
    if (found_[i] || needle.where == Needle::Where::kBody) continue;
    if (needle.where == Needle::Where::kText) {
      if (!machine && contains(line, needle.text)) found(i);
    } else if (equals_ignoring_case(needle.field, name) && contains(line.substr(text_begin), needle.text)) {
      found(i);
    }
  }
}

void NeedleScan::on_body(std::string_view folded) {
  if (all_found()) return;
  // Where the last piece met this one, and then this one alone.
  const std::size_t before = tail_.size();
  tail_.append(folded.substr(0, kept_));
  for (std::size_t i = 0; i < needles_.size(); ++i) {
    if (found_[i] || !looks_at_body(needles_[i])) continue;
    if ((before > 0 && contains(tail_, needles_[i].text)) || contains(folded, needles_[i].text)) found(i);
  }
  if (folded.size() >= kept_) {
    tail_.assign(folded.substr(folded.size() - kept_));
  } else if (tail_.size() > kept_) {
    tail_.erase(0, tail_.size() - kept_);
  }
}

void NeedleScan::on_body_end() { tail_.clear(); }

std::vector<bool> scan_letter(std::string_view letter, std::span<const Needle> needles) {
  NeedleScan scan(needles);
  message::read_letter(letter, &scan.sink(), message::LetterReader::Preview::kLeftOut);
  return scan.finish();
}

}  // namespace pabal::mailbox::search
