#include "queue/wire_record.h"

#include "base/utf8.h"

namespace pabal::queue {
namespace {

/// Lines kept of a dialogue's beginning; one more says how many are missing, and the rest is its end.
constexpr std::size_t kHead = journey::kMaxWireLines / 2;

}  // namespace

void WireRecord::begin(journey::JourneyId id) {
  id_ = id;
  began_ = clock_.mono();
  event_ = {.at = clock_.wall(), .stage = journey::Stage::kSpoke};
  left_out_ = 0;
  listening_ = true;
}

std::optional<journey::Event> WireRecord::take(const std::string& host) {
  listening_ = false;
  if (event_.dialogue.empty()) return {};
  if (left_out_ > 0) {
    journey::WireLine& gap = event_.dialogue[kHead];
    gap.text = fmt::format("({} lines are left out here)", left_out_ + 1);
  }
  event_.add(journey::FactName::kHost, host);
  return std::exchange(event_, {});
}

void WireRecord::letter_heard(std::uint64_t size_bytes) {
  note(journey::WireLine::From::kPeer, fmt::format("(a letter of {} bytes)", size_bytes));
}

void WireRecord::letter_said(std::uint64_t size_bytes) {
  note(journey::WireLine::From::kUs, fmt::format("(the letter, {} bytes)", size_bytes));
}

void WireRecord::note(journey::WireLine::From from, std::string_view line) {
  if (!listening_) return;
  journal_.overheard(id_, from, line);
  auto& dialogue = event_.dialogue;
  if (dialogue.size() == journey::kMaxWireLines) {
    dialogue.erase(dialogue.begin() + kHead + 1);
    ++left_out_;
  }
  constexpr std::string_view kCut = "...";
  const bool fits = line.size() <= journey::kMaxWireLineBytes;
  std::string text(fits ? line : utf8_prefix(line, journey::kMaxWireLineBytes - kCut.size()));
  if (!fits) text += kCut;
  const auto after = std::chrono::duration_cast<std::chrono::microseconds>(clock_.mono() - began_);
  dialogue.push_back({.after = after, .from = from, .text = std::move(text)});
}

}  // namespace pabal::queue
