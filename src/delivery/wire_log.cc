#include "delivery/wire_log.h"

#include <utility>

namespace pabal::delivery {

void WireLog::letter_heard(std::uint64_t size_bytes) {
  add(journey::WireLine::From::kPeer, fmt::format("(the letter, {} bytes)", size_bytes));
}

void WireLog::add(journey::WireLine::From from, std::string_view line) {
  if (lines_.size() >= journey::kMaxWireLines) return;
  const WallTime now = clock_.wall();
  if (lines_.empty()) began_ = now;
  lines_.push_back({now - began_, from, std::string(line.substr(0, journey::kMaxWireLineBytes))});
}

std::vector<journey::WireLine> WireLog::take() { return std::exchange(lines_, {}); }

}  // namespace pabal::delivery
